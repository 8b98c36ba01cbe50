"""Where a database stands after a deploy, and which commands come next, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """What was looked at, and what came of it in a few words."""

    name: str
    state: str
    is_known: bool = True
    """False where it could not be looked at; `state` then says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NextStep:
    """One thing to do: a command of this project, SQL, or neither, where a person has to decide or to wait."""

    why: str
    """What the step is for, as a sentence."""
    command: tuple[str, ...] = ()
    """The name of a command and its arguments, without those that select the database."""
    sql: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepOfMigration:
    """One operation of a migration, and whether the database has what it makes."""

    number: int | None
    """The number of the operation, counted from 1; None for what Django makes at the end of the migration."""
    what: str
    state: str
    """`done`, `not done`, `in part`, or `not seen` where the catalog cannot show it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepsOfMigration:
    """A migration that is applied in part, step by step."""

    migration: str
    is_recorded: bool
    steps: tuple[StepOfMigration, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DiagnosisReport:
    """All that was looked at, what was found, and the ways forward and back."""

    target: Target
    areas: tuple[Area, ...]
    halves: tuple[StepsOfMigration, ...]
    """The migrations that are applied in part."""
    findings: tuple[Finding, ...]
    forward: tuple[NextStep, ...]
    """What ends the deploy, in this order."""
    back: tuple[NextStep, ...]
    """What gives it up, in this order."""

    @property
    def verdict(self) -> str:
        """`something to do` if any finding is an error or a warning, else `nothing to do`."""
        has_work = any(one.level is not Level.INFO for one in self.findings)
        return "something to do" if has_work else "nothing to do"
