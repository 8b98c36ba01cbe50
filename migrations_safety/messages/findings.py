"""What a check has to say, as plain values; the modules beside this one hold the wording, one per area.

An id is `<area>.<E|W|I><3 digits>` and is never used again for something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding weighs: an error blocks, a warning is to be read, info is for the record."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


LETTERS = {"E": Level.ERROR, "W": Level.WARNING, "I": Level.INFO}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding: `subject` is the thing's name, `message` says what is, `hint` the next command to type."""

    id: str
    level: Level
    subject: str
    message: str
    hint: str


def finding(id: str, subject: str, message: str, hint: str) -> Finding:
    """A finding whose level is the letter of its id."""
    return Finding(id=id, level=LETTERS[id.partition(".")[2][0]], subject=subject, message=message, hint=hint)


def blocking(findings: Iterable[Finding], *, fail_level: Level = Level.ERROR) -> list[Finding]:
    """The findings that block: errors, and warnings too where `fail_level` is warning."""
    levels = {Level.ERROR, fail_level}
    return [one for one in findings if one.level in levels]
