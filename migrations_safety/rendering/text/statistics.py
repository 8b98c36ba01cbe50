"""Builds the text that `precheck --write-statistics` prints, and the sentence about figures from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migrations_safety.messages.humanize import pluralize
from migrations_safety.postgresql.table_figures import SavedFigures, TableFigures
from migrations_safety.postgresql.target import Target
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.document.sizes import in_words, used
from migrations_safety.rendering.text.page import Page

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
    found = used(figures, names)
    if found:
        page.line()
        page.table(HEADINGS, [figure(one) for one in found[:USED]])
    if len(found) > USED:
        page.line(f"{pluralize(len(found) - USED, 'smaller table')} in use not shown.")


def figure(one: TableFigures) -> tuple[str, ...]:
    """Return one row of a table of figures."""
    size = in_words(one)
    return size.table, size.rows, size.size, size.indexes, size.reads, size.writes, size.transactions
