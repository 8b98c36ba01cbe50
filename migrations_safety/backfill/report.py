"""The result of a backfill, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class BackfillReport:
    """The result of a backfill.

    `created` and `already_present` are numbers of distinct values. `refused` has the number of distinct values that got
    no placeholder, by class of identifier. `nullified`, `restored` and `not_restored` have numbers of rows, by table.
    `held_by` has the names of the foreign keys that allow only values with a parent, by table.
    """

    target: Target
    run_id: str | None
    dry_run: bool
    applied: tuple[str, ...] = ()
    created: int = 0
    already_present: int = 0
    nullified: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    not_restored: dict[str, int] = field(default_factory=dict)
    held_by: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    is_restore: bool = False

    @property
    def verdict(self) -> str:
        """One word: `dry-run`; `refused` where a value was left as it was; otherwise `restored` or `covered`."""
        if self.dry_run:
            return "dry-run"
        if self.is_refused:
            return "refused"
        return "restored" if self.is_restore else "covered"

    @property
    def is_refused(self) -> bool:
        """Whether any value got no placeholder, or could not be restored."""
        return bool(self.refused or self.not_restored)
