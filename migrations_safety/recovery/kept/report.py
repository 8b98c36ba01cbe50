"""What a command did with what was kept, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.kept.kept_record import Kept
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One thing that is kept, and what it holds."""

    kept: Kept
    rows: int | None
    """The rows of the table, or those with a value in the column; None where they were not counted."""
    outcome: str = "kept"
    """`kept`, `restored` or `purged`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptReport:
    """The result of `restore_dropped` or `purge_dropped`."""

    command: str
    target: Target
    things: tuple[Held, ...]
    only_looked: bool
    """Whether the command was asked to list and to change nothing."""
    findings: tuple[Finding, ...] = ()
    run_id: str = ""
    """The run in the record of runs; empty where nothing was changed."""

    @property
    def is_refused(self) -> bool:
        """Whether something was found that forbids the work, or that could not be put back."""
        return bool(self.findings)

    @property
    def verdict(self) -> str:
        """One of `kept`, `nothing kept`, `refused`, `in part`, `restored` and `purged`."""
        outcomes = {one.outcome for one in self.things}
        if not self.things:
            return "nothing kept"
        if self.only_looked:
            return "kept"
        if outcomes == {"kept"}:
            return "refused"
        done = "restored" if self.command == "restore_dropped" else "purged"
        return done if outcomes == {done} and not self.findings else "in part"
