"""What a check has to say, as plain values; `wording` fills the sentences, `catalogue` has what every id means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.catalogue.kind import Level


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding: `subject` is the thing's name, `message` says what is, `hint` the next command to type."""

    id: str
    level: Level
    subject: str
    message: str
    hint: str


def finding(id: str, subject: str, message: str, hint: str) -> Finding:
    """A finding with the level that the catalogue has for its id; KeyError for an id that is not there."""
    return Finding(id=id, level=CATALOGUE[id].level, subject=subject, message=message, hint=hint)


def blocking(findings: Iterable[Finding], *, fail_level: Level = Level.ERROR) -> list[Finding]:
    """The findings that block: errors, and warnings too where `fail_level` is warning."""
    levels = {Level.ERROR, fail_level}
    return [one for one in findings if one.level in levels]
