"""What a page shows beside the written review: lengths of bars, and findings cut to what a reader takes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from migrations_safety.messages.humanize import listed
from migrations_safety.postgresql.table_figures import TableFigures
from migrations_safety.rendering.document.values import Findings, Reference, RowCheck, Size, Told
from migrations_safety.rendering.percent import percent

SHOWN = 5
"""How many objects of one finding are shown; the others stand under a line that opens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Findings of one id and one hint, as the page shows them."""

    group: Findings
    anchor: str
    subjects: str
    """What a reader sees before it is opened: the message of one finding, the objects of several."""
    command: str
    """The hint as a command for this database; empty where it is no command."""

    @property
    def colour(self) -> str:
        """The level that the colour shows; an accepted finding has none."""
        return "accepted" if self.group.is_accepted else self.group.level.value

    @property
    def is_one(self) -> bool:
        """Whether it is about a single object."""
        return len(self.group.found) == 1

    @property
    def shown(self) -> tuple[Told, ...]:
        """The first findings."""
        return self.group.found[:SHOWN]

    @property
    def others(self) -> tuple[Told, ...]:
        """The findings after them."""
        return self.group.found[SHOWN:]


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeBar:
    """The figures of a table, and the widths of the bars of itself and of its indexes."""

    size: Size
    table: str
    index: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """Counts, and the width of the bar of those rows that are at fault; empty where nobody counted them."""

    of: Reference | RowCheck
    share: str


def findings(groups: Iterable[Findings], *, completed: Callable[[str], str]) -> list[Entry]:
    """Return the findings, each with the name by which the page refers to it.

    `completed` returns a hint that is a command with the options for the database, and an empty text for any other.
    """
    return [
        Entry(
            group=group,
            anchor=f"finding-{number}",
            subjects=_subjects(group.found),
            command=completed(group.hint),
        )
        for number, group in enumerate(groups, 1)
    ]


def _subjects(found: tuple[Told, ...]) -> str:
    if len(found) == 1:
        return f"{found[0].subject} {found[0].message}"
    return listed(list(dict.fromkeys(one.subject for one in found)))


def sizes(shown: Iterable[Size], figures: Mapping[str, TableFigures]) -> list[SizeBar]:
    """Return the tables with bars, of which that of the largest table has the full width."""
    known = [(one, figures[one.table]) for one in shown]
    largest = max((figure.bytes + figure.index_bytes for _, figure in known), default=0)
    return [
        SizeBar(size=one, table=percent(figure.bytes, largest), index=percent(figure.index_bytes, largest))
        for one, figure in known
    ]


def references(shown: Iterable[Reference]) -> list[Share]:
    """Return the foreign-key columns with the share of their rows that have no parent."""
    return [Share(of=one, share=_share(one.orphan_rows, one.rows)) for one in shown]


def row_checks(shown: Iterable[RowCheck]) -> list[Share]:
    """Return the demands on rows with the share of rows that do not fulfil them."""
    return [Share(of=one, share=_share(one.violating, one.rows)) for one in shown]


def _share(part: int | None, whole: int | None) -> str:
    return "" if part is None or whole is None else percent(part, whole)
