"""What the rows of a database say to a plan, as plain values: counts of rows, never a value."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.messages.findings import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class DataCheck:
    """The rows that one demand of a plan is about, counted.

    `kind` is not_null, unique, check, exclusion, foreign_key, length, cast, enum or drop; for drop the violating rows
    are those whose values are lost. A number is None where it was not counted; then `reason` says why.
    """

    kind: str
    table: str
    columns: tuple[str, ...]
    rows: int | None
    violating_rows: int | None
    groups: int | None
    """For unique: how many groups of rows are equal."""
    demanded_by: str
    """Label of the migration."""
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DataChecks:
    """All data checks of a plan, and the findings about them."""

    checks: tuple[DataCheck, ...] = ()
    findings: tuple[Finding, ...] = ()
