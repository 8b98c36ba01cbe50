"""Words the sizes and the traffic of tables, for the text and the document alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migrations_safety.messages.humanize import format_bytes, pluralize
from migrations_safety.postgresql.table_figures import SavedFigures, TableFigures
from migrations_safety.rendering.document.values import Size


def used(figures: Mapping[str, TableFigures], names: Iterable[str]) -> list[TableFigures]:
    """Return the figures of those named tables that are in use, the largest first."""
    known = [figures[name] for name in dict.fromkeys(names) if name in figures]
    return sorted((one for one in known if one.is_used is not False), key=lambda one: (-one.bytes, one.table))


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


def in_words(one: TableFigures) -> Size:
    """Return the figures of one table in words; what is not known is `unknown`."""
    return Size(
        table=one.table,
        rows="unknown" if one.rows is None else f"{one.rows:,}",
        size=format_bytes(one.bytes),
        indexes=format_bytes(one.index_bytes),
        reads=_rate(one.reads_per_second),
        writes=_rate(one.writes_per_second),
        transactions="unknown" if one.open_transactions is None else f"{one.open_transactions:,}",
    )


def _rate(number: float | None) -> str:
    if number is None:
        return "unknown"
    return f"{number:,.0f}" if number >= 9.95 or number == 0 else f"{number:.2g}"
