"""The statements of a plan, as a script to read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlPart:
    """The statements that one operation sends one after the other; `at` is its file and line."""

    operation: str
    at: str
    statements: tuple[str, ...]

    @property
    def text(self) -> str:
        """The statements below a comment that names the operation."""
        comment = " ".join(f"-- {self.operation} ({self.at})".split())
        return "\n".join([comment, *self.statements])


@dataclass(frozen=True, kw_only=True, slots=True)
class Sql:
    """The statements of one migration, in the order in which they are sent."""

    migration: str
    transaction: str
    parts: tuple[SqlPart, ...]

    @property
    def text(self) -> str:
        """All of them, as a script to read."""
        return "\n\n".join(part.text for part in self.parts)
