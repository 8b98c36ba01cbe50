"""The class of findings, which the checks return.

The modules in `wording` make the sentences; `catalogue` holds the level and the explanation of every id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.catalogue.kind import Level


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


def finding(id: str, subject: str, message: str, hint: str) -> Finding:
    """Return a finding with the level that the catalogue has for its id.

    Raises KeyError for an id that the catalogue lacks.
    """
    return Finding(id=id, level=CATALOGUE[id].level, subject=subject, message=message, hint=hint)


def blocking(findings: Iterable[Finding], *, fail_level: Level = Level.ERROR) -> list[Finding]:
    """Return the findings that block the command: errors, and also those of level `fail_level`."""
    levels = {Level.ERROR, fail_level}
    return [one for one in findings if one.level in levels]
