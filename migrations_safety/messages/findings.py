"""The class of findings, which the checks return.

The modules in `wording` make the sentences; `catalogue` holds the level and the explanation of every id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.catalogue.kind import Level


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """Why a finding was accepted: the reason that `migration` gives, and the last day on which that holds (ISO)."""

    reason: str
    until: str | None
    migration: str

    def __str__(self) -> str:
        until = f" until {self.until}" if self.until else ""
        return f"Accepted in {self.migration}{until}: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fingerprint:
    """By what a finding is known again: it holds no line number, no message and no count."""

    id: str
    migration: str
    operation: int | None
    subject: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding about one object of the database or of a plan.

    `subject` names the object, `message` says what was found, and `hint` gives the next command to type.
    """

    id: str
    level: Level
    subject: str
    message: str
    hint: str
    migration: str = ""
    """The label (`shop.0004_x`) of the migration that the finding is about; empty where it is about none."""
    operation: int | None = None
    """The number of the operation in that migration, counted from 1; None where the finding is about no single one."""
    rows: int | None = None
    """How many rows the finding is about; None where no rows were counted for it."""
    declared: str | None = None
    """What the models declare; None where the finding compares nothing, or where nothing is declared."""
    found: str | None = None
    """What the database has instead; None where the finding compares nothing, or where nothing is there."""
    accepted: Acceptance | None = None
    """Why the finding was accepted; it then neither blocks nor warns. None where it was not accepted."""

    @property
    def fingerprint(self) -> Fingerprint:
        """What this finding has in common with the same finding of another day."""
        return Fingerprint(id=self.id, migration=self.migration, operation=self.operation, subject=self.subject)


def finding(
    id: str,
    subject: str,
    message: str,
    hint: str,
    *,
    migration: str = "",
    operation: int | None = None,
    rows: int | None = None,
    declared: str | None = None,
    found: str | None = None,
) -> Finding:
    """Return a finding with the level that the catalogue has for its id.

    Raises KeyError for an id that the catalogue lacks.
    """
    return Finding(
        id=id,
        level=CATALOGUE[id].level,
        subject=subject,
        message=message,
        hint=hint,
        migration=migration,
        operation=operation,
        rows=rows,
        declared=declared,
        found=found,
    )


def blocking(findings: Iterable[Finding], *, fail_level: Level = Level.ERROR) -> list[Finding]:
    """Return the findings that block the command: errors, and those of level `fail_level`, if not accepted."""
    levels = {Level.ERROR, fail_level}
    return [one for one in findings if one.level in levels and not one.accepted]
