"""What a backfill did, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class BackfillReport:
    """What a backfill did; `refused` maps a class to distinct values, the maps by table hold rows."""

    target: Target
    run_id: str | None
    dry_run: bool
    applied: tuple[str, ...] = ()
    created: int = 0
    already_present: int = 0
    nullified: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    not_restored: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    is_restore: bool = False

    @property
    def verdict(self) -> str:
        """`dry-run`, `refused` (something was), `restored` or `covered`."""
        if self.dry_run:
            return "dry-run"
        if self.is_refused:
            return "refused"
        return "restored" if self.is_restore else "covered"

    @property
    def is_refused(self) -> bool:
        """True where anything was left as it was found."""
        return bool(self.refused or self.not_restored)
