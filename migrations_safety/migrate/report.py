"""How one `migrate` went, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.audit.migration_history import Done
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import PrecheckReport

LockWaits = dict[str, int | None] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrateReport:
    """How one `migrate` went; `gate` is None where it was not asked, `done` where the gate refused.

    `lock_waits` is None where nothing was done that takes locks, its figures where nobody looked.
    """

    target: Target
    gate: PrecheckReport | None
    done: Done | None
    lock_waits: LockWaits
    seconds: float

    @property
    def verdict(self) -> str:
        """`refused` by the gate, or what was done in one word (`Done.verdict`)."""
        return self.done.verdict if self.done else "refused"
