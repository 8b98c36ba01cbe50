"""The result of one `migrate`, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.audit.migration_history import Done
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import PrecheckReport

LockWaits = dict[str, int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrateReport:
    """The result of one `migrate`, from which the command makes its text, its JSON and its exit code."""

    target: Target
    gate: PrecheckReport | None
    """The report of the precheck that `migrate` ran first; None where no precheck ran."""
    done: Done | None
    """What was done; None where the precheck found something that blocks."""
    lock_waits: LockWaits | None
    """The lock waits of other sessions behind this `migrate`: `count` and `longest_ms`. None where no work was done
    that takes locks. Both numbers are None where there was no watchdog."""
    seconds: float
    ways_back: tuple[Finding, ...] = ()
    """The findings about the backup on which this `migrate` was to stand."""

    @property
    def verdict(self) -> str:
        """`refused` where the precheck found something that blocks, otherwise the one word of `Done.verdict`."""
        return self.done.verdict if self.done else "refused"

    @property
    def is_refused(self) -> bool:
        """Whether something blocks, or a required backup is missing, so that nothing was changed."""
        return self.done is None

    @property
    def known_lock_waits(self) -> LockWaits | None:
        """The lock waits of other sessions; None where there was no watchdog."""
        return self.lock_waits if self.lock_waits and self.lock_waits["count"] is not None else None
