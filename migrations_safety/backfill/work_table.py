"""Fills the work table, a temporary table with the numbered distinct values of all foreign keys to one parent table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Any

from django.db import transaction
from psycopg import sql

from migrations_safety.census import scan_progress, scan_queries
from migrations_safety.census.counts import prepare
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES, classified, value_type
from migrations_safety.census.question import Question
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkTable:
    """Numbers of distinct values in the work table."""

    values: int
    """The number of all distinct values."""
    present: int
    """The number of distinct values that have a parent."""
    waiting: int
    """The number of distinct values without a parent that are to get a placeholder."""
    refused: dict[str, int]
    """The number of distinct values without a parent that get no placeholder, by class of identifier."""


def fill_work_table(connection: Connection, question: Question, *, progress: Progress) -> WorkTable:
    """Create the work table anew with the values of the foreign keys in `question`; return the numbers of values."""
    # The table is temporary, so that no identifier leaves the server. Its rows are numbered in the order in which the
    # indexes return the values, which needs no second sort. A batch is then a range of these numbers.
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(statement("work_table.one_snapshot"))
        ready = prepare(connection, question)
        cursor.execute(statement("work_table.forget"))
        with scan_progress.reporting_progress(connection, ready.scan, progress=progress):
            scan = replace(ready.scan, nullable=frozenset())
            ranges = scan_queries.split_into_ranges(connection, scan, value_type(ready.question))
            _add(cursor, (classified(connection, ready.question, rows) for rows in ranges))
        cursor.execute(statement("work_table.index_work"))
        cursor.execute(statement("work_table.analyze_work"))
        cursor.execute(statement("work_table.referenced_counts"))
        return _counted(cursor.fetchall())


def _add(cursor: Any, ranges: Iterable[sql.Composable]) -> None:
    """Add the values of each range to the work table, numbered after those of the ranges before."""
    allowed, values = sql.Literal(list(PLACEHOLDER_CLASSES)), 0
    for add, of_range in zip(chain(["make_work"], repeat("add_to_work")), ranges, strict=False):
        referenced = compose("work_table.referenced", classified=of_range, allowed=allowed, before=sql.Literal(values))
        send(cursor, compose(f"work_table.{add}", referenced=referenced))
        values += cursor.rowcount


def _counted(rows: list[tuple[str, bool, int]]) -> WorkTable:
    present = sum(values for _, has_parent, values in rows if has_parent)
    orphans = {name: values for name, has_parent, values in rows if not has_parent}
    waiting = sum(orphans.pop(name, 0) for name in PLACEHOLDER_CLASSES)
    return WorkTable(
        values=present + waiting + sum(orphans.values()), present=present, waiting=waiting, refused=orphans
    )
