"""How one `migrate` went, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.audit.migration_history import Done
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import PrecheckReport

LockWaits = dict[str, int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrateReport:
    """The one outcome of a `migrate`, from which the command, its text and its JSON are drawn."""

    target: Target
    gate: PrecheckReport | None
    """What precheck said before it; None where it was not asked."""
    done: Done | None
    """What was done; None where the gate refused."""
    lock_waits: LockWaits | None
    """None where nothing was done that takes locks; its figures are None where nobody watched."""
    seconds: float

    @property
    def verdict(self) -> str:
        """`refused` by the gate, or what was done in one word (`Done.verdict`)."""
        return self.done.verdict if self.done else "refused"

    @property
    def is_refused(self) -> bool:
        """Whether the gate refused, so that nothing was changed."""
        return self.done is None

    @property
    def known_lock_waits(self) -> LockWaits | None:
        """The lock waits where somebody watched."""
        return self.lock_waits if self.lock_waits and self.lock_waits["count"] is not None else None
