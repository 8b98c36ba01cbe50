"""What the running release lost on the scratch database, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseLoss:
    """One thing that the models of the running release have and that a migration took from them.

    `kind` is a value of `state_changes.Step`. Table and column are named as the release names them.
    """

    kind: str
    migration: str
    table: str
    column: str | None
    """None where the whole table is lost."""
    detail: str
    """The new name, or the old and the new type."""
