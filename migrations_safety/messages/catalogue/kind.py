"""What every finding of one id has in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding weighs: an error blocks, a warning is to be read, info is for the record."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


LETTERS = {"E": Level.ERROR, "W": Level.WARNING, "I": Level.INFO}


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingKind:
    """One id, declared once: the wording, the documents and any format with a list of rules read it here."""

    id: str
    """`<area>.<E|W|I><3 digits>`, never used again for something else."""
    title: str
    """A heading of a few words, without the names of one database."""
    help: str
    """What it means and what to do, as a paragraph of Markdown without links."""

    @property
    def area(self) -> str:
        """The part of the id before its point."""
        return self.id.partition(".")[0]

    @property
    def level(self) -> Level:
        """The letter of the id."""
        return LETTERS[self.id.partition(".")[2][0]]
