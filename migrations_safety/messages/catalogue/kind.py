"""The kind of a finding: what all findings with the same id have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The severity of a finding: an error blocks, a warning should be read, and an info only informs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


LETTERS = {"E": Level.ERROR, "W": Level.WARNING, "I": Level.INFO}


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingKind:
    """The declaration of one id: a finding takes its level from it, and docs/findings.md repeats title and help."""

    id: str
    """`<area>.<E|W|I><3 digits>`; an id never gets another meaning."""
    title: str
    """A heading of at most 70 characters, without names of tables or columns."""
    help: str
    """What the finding means and what to do about it, as one paragraph of Markdown without links."""

    @property
    def area(self) -> str:
        """The part of the id before the point, for example `target`."""
        return self.id.partition(".")[0]

    @property
    def level(self) -> Level:
        """The Level that the letter of the id stands for."""
        return LETTERS[self.id.partition(".")[2][0]]
