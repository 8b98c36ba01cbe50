"""The parts of the written report of a command that is not `precheck`. Texts are without markup; names are input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.rendering.document.values import Fact, Findings, Step

NAME, TEXT, NUMBER, SHARE = "name", "text", "number", "share"
"""The kinds of columns: names of objects, prose, numbers, and the width of a bar that only a page draws."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of a table; None and an empty text are nothing."""

    kind: str
    value: str | int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a table; one of the kind SHARE has no words."""

    label: str
    kind: str = TEXT


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table with its heading; `anchor` is the name by which a page refers to it."""

    anchor: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    values: tuple[tuple[str | int | None, ...], ...]

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows, each cell with the kind of its column."""
        return tuple(
            tuple(Cell(kind=column.kind, value=value) for column, value in zip(self.columns, row, strict=True))
            for row in self.values
        )


def table_of(
    anchor: str, title: str, caption: str, columns: Mapping[str, str], rows: Iterable[tuple[str | int | None, ...]]
) -> Table:
    """Return a table; `columns` are the kinds by their labels. Raises TypeError for a number that is none."""
    values = tuple(rows)
    kinds = tuple(columns.values())
    for row in values:
        if any(kind == NUMBER and isinstance(value, str) for kind, value in zip(kinds, row, strict=True)):
            raise TypeError(f"the table {title} has words in a column of numbers")
    shown = tuple(Column(label=label, kind=kind) for label, kind in columns.items())
    return Table(anchor=anchor, title=title, caption=caption, columns=shown, values=values)


def filled(*tables: Table) -> tuple[Table, ...]:
    """Return those of the tables that have a row."""
    return tuple(one for one in tables if one.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The written report of one command."""

    command: str
    title: str
    verdict: str
    """As in the JSON."""
    word: str
    """The verdict in a word that is seen from across the room."""
    is_refused: bool
    is_certain: bool = True
    """False where nothing is wrong and yet nothing is done or known."""
    sentence: str
    next: Step
    facts: tuple[Fact, ...]
    tables: tuple[Table, ...]
    findings: tuple[Findings, ...] = ()
    notes: tuple[str, ...] = ()
    areas: Mapping[str, str] = field(default_factory=dict)
    """What the command looks at in each run, with the reason where it could not; empty where it looks at one thing."""

    @property
    def tone(self) -> str:
        """The colour of the page: `blocked`, `attention` or `safe`."""
        if self.is_refused:
            return "blocked"
        return "safe" if self.is_certain else "attention"

    @property
    def explained(self) -> tuple[Findings, ...]:
        """Of each id the first findings, to explain it once."""
        return tuple({one.id: one for one in reversed(self.findings)}.values())[::-1]

    @property
    def risks(self) -> tuple[Findings, ...]:
        """The errors and warnings."""
        return tuple(one for one in self.findings if one.level is not Level.INFO)
