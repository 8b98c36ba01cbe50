"""A statement of the application that fails, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenStatement:
    """A statement of the application that fails."""

    statement: str
    """The statement without values."""
    calls: int | None
    """How often it was called; None where that is not known."""
    breaks_with: str
    """The SQLSTATE with which PostgreSQL refuses it."""
    because_of: str | None
    """Label of the migration after which it fails; None where it could not be parsed before the plan already."""
