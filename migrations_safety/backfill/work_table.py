"""The work table of placeholders: the referenced values of one parent, numbered, in a temporary table."""

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
    """What the work table holds, in distinct values."""

    values: int
    present: int
    """Values with a parent."""
    waiting: int
    """Orphans that get a placeholder."""
    refused: dict[str, int]
    """Orphans that get none, by class."""


def fill_work_table(connection: Connection, question: Question, *, progress: Progress) -> WorkTable:
    """Put the values that the question is about into the work table, which is made anew, and count them."""
    # A temporary table, so that no identifier leaves the server. Its rows are numbered in the order that the indexes
    # give: that needs no second sort, and a batch is a range of positions.
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
    """Add the values of each range after those of the ranges before it."""
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
