"""Builds the text that `precheck --write-statistics` prints, and the sentence about figures from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migrations_safety.messages.humanize import format_bytes, pluralize
from migrations_safety.postgresql.table_figures import SavedFigures, TableFigures
from migrations_safety.postgresql.target import Target
from migrations_safety.rendering.text.page import Page, database

SHOWN = 10
USED = 5
"""How many tables in use the report of a plan shows."""
HEADINGS = (
    ("table", "left"), ("rows", "right"), ("size", "right"), ("indexes", "right"),
    ("reads/s", "right"), ("writes/s", "right"), ("open transactions", "right"),
)  # fmt: skip


def statistics(target: Target, saved: SavedFigures, *, width: int, colour: bool) -> str:
    """Return the text of `precheck --write-statistics`, wrapped at `width` characters: the largest tables."""
    page = Page(width=width, colour=colour)
    page.line(database(target))
    largest = sorted(saved.figures.values(), key=lambda one: (-one.bytes - one.index_bytes, one.table))
    whole = [one for one in largest if one.partition_of is None]
    if whole:
        page.line()
        page.table(HEADINGS, [figure(one) for one in whole[:SHOWN]])
    if len(whole) > SHOWN:
        page.line(f"{pluralize(len(whole) - SHOWN, 'smaller table')} not shown.")
    page.line()
    page.line(f"Statistics of {pluralize(len(saved.figures), 'table')} written to {saved.file}; nothing was checked.")
    return page.text()


def used_tables(page: Page, figures: Mapping[str, TableFigures], names: Iterable[str]) -> None:
    """Add a table of those named tables that are in use, the largest first."""
    known = [figures[name] for name in dict.fromkeys(names) if name in figures]
    used = sorted((one for one in known if one.is_used is not False), key=lambda one: (-one.bytes, one.table))
    if used:
        page.line()
        page.table(HEADINGS, [figure(one) for one in used[:USED]])
    if len(used) > USED:
        page.line(f"{pluralize(len(used) - USED, 'smaller table')} in use not shown.")


def source(saved: SavedFigures) -> str:
    """Return the sentence that says from where the figures of `--statistics` are, and how old."""
    where = f'the database "{saved.database}" at {saved.host}' + (", a standby," if saved.in_recovery else "")
    return f"Sizes and traffic of the tables are those of {where} {age(saved.age)} ago ({saved.file})."


def age(seconds: float) -> str:
    """Return an age in whole days, hours or minutes."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            return pluralize(int(seconds // size), unit)
    return "less than a minute"


def figure(one: TableFigures) -> tuple[str, ...]:
    """Return one row of a table of figures."""
    return (
        one.table,
        "unknown" if one.rows is None else f"{one.rows:,}",
        format_bytes(one.bytes),
        format_bytes(one.index_bytes),
        _rate(one.reads_per_second),
        _rate(one.writes_per_second),
        "unknown" if one.open_transactions is None else f"{one.open_transactions:,}",
    )


def _rate(number: float | None) -> str:
    if number is None:
        return "unknown"
    return f"{number:,.0f}" if number >= 9.95 or number == 0 else f"{number:.2g}"
