"""Reads data: what the referencing columns hold, as counts and classes; no value leaves the server.

One statement for all references to one parent: each table is read once, every distinct value is classified once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from psycopg import sql

from migrations_safety.census import scan_progress, scan_queries, scan_strategy
from migrations_safety.census.identifier_classes import (
    BLANKS_AROUND,
    COMPARED,
    classified,
    has_respelled_parents,
    is_respelled,
    rows_of,
    value_type,
)
from migrations_safety.census.question import Question
from migrations_safety.census.report import Census, ReferenceCounts
from migrations_safety.census.scan_queries import ScanQueries
from migrations_safety.census.scan_strategy import ScanPlan, size_of
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.parallel_queries import run_in_parallel
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql.composition import compose, send

MANY_ROWS = 1000
"""Rows that no patient has in one table: a value in as many may stand for 'no patient'."""


def count(connection: Connection, question: Question, *, progress: Progress | None = None) -> Census:
    """Count all references of the question.

    Where there are spellings to compare (text columns alone have any), a further statement reads the values again.
    """
    progress = progress or Progress()
    question, source = prepared(connection, question)
    apart = scan_queries.split_into_ranges(connection, source, value_type(question), question.since)
    if len(apart) > 1:
        label = f"Counting {pluralize(len(question.keys), 'reference')} by their indexes, ranges"
        statements = [_counting(connection, question, part) for part in apart]
        with progress.steps(label, total=len(apart)) as advance:
            how: dict[str, Any] = {"sessions": source.jobs, "settings": scan_strategy.BY_INDEX, "advance": advance}
            figures = run_in_parallel(connection, statements, **how)
    else:
        with scan_progress.reporting_progress(connection, source, progress=progress):
            figures = _figures(connection, question, apart[0])
    compared = (0, 0, 0)
    if {name for name, *_ in figures} & set(COMPARED):
        every = scan_queries.all_rows(source, value_type(question), question.since)
        with scan_progress.reporting_progress(connection, source, progress=progress):
            compared = _compared(connection, question, every)
    return _census(question, figures, compared)


def prepared(connection: Connection, question: Question) -> tuple[Question, ScanPlan]:
    """How it will be read, for which the planner is set in this transaction; what need not be asked is left out."""
    source = scan_strategy.source(connection, question.keys, question.reading, since=question.since)
    scan_strategy.plan(connection, source)
    if question.target_is_text and has_respelled_parents(connection, question):
        parents = question.keys[0].target_table
        return question, replace(source, read_again=size_of(catalog.physical_tables(connection, [parents])[parents]))
    return replace(question, target_is_text=False), source


def count_values(connection: Connection, question: Question, rows: ScanQueries) -> Census:
    """The same of some values instead of all, without comparing their spellings."""
    return _census(question, _figures(connection, question, rows), (0, 0, 0))


def _figures(connection: Connection, question: Question, rows: ScanQueries) -> list[tuple[Any, ...]]:
    """By class, whether it has a parent: values together, then values, rows and most rows of each reference."""
    with connection.cursor() as cursor:
        send(cursor, _counting(connection, question, rows))
        return list(cursor.fetchall())


def _counting(connection: Connection, question: Question, rows: ScanQueries) -> sql.Composed:
    numbers = range(len(question.keys))
    figures = sql.SQL(", ").join(compose("counts.figures_of_reference", rows=rows_of(number)) for number in numbers)
    return classified(connection, question, rows) + compose("counts.counts", figures=figures)


def _compared(connection: Connection, question: Question, rows: ScanQueries) -> tuple[int, int, int]:
    """How many people have several spellings, how many of them another as a parent; ids that differ in case only."""
    compared = compose(
        "counts.spellings",
        uuid_spelled=compose("identifier_classes.uuid_spelled"),
        blanks=sql.Literal(BLANKS_AROUND),
        is_respelled=is_respelled(question),
    )
    with connection.cursor() as cursor:
        send(cursor, classified(connection, question, rows) + compared)
        several_spellings, as_parents, case_variants = cursor.fetchone()
        return several_spellings, as_parents, case_variants


def _census(question: Question, figures: Sequence[tuple[Any, ...]], compared: tuple[int, int, int]) -> Census:
    classes = [row for row in figures if row[0] is not None]
    orphans: dict[str, int] = defaultdict(int)
    for name, has_parent, values, *_ in classes:
        if not has_parent:
            orphans[name] += values
    return Census(
        target_table=question.keys[0].target_table,
        references=tuple(
            _counted(key, [(*row[:2], *row[3 + 3 * number : 6 + 3 * number]) for row in figures])
            for number, key in enumerate(question.keys)
        ),
        orphans=dict(orphans),
        covered=sum(values for _, has_parent, values, *_ in classes if has_parent),
        several_spellings=compared[0],
        spelled_otherwise=compared[1],
        case_variants=compared[2],
    )


def _counted(key: DeclaredKey, figures: Iterable[tuple[Any, ...]]) -> ReferenceCounts:
    classes: dict[str, int] = defaultdict(int)
    orphans: dict[str, tuple[int, int]] = {}
    total = non_null = most = 0
    for identifier_class, has_parent, values, rows, most_rows in figures:
        total += rows or 0
        if identifier_class is None or not values:
            continue
        non_null += rows
        most = max(most, most_rows)
        classes[identifier_class] += values
        if not has_parent:
            so_far = orphans.get(identifier_class, (0, 0))
            orphans[identifier_class] = (so_far[0] + values, so_far[1] + rows)
    return ReferenceCounts(
        key=key,
        total_rows=total,
        non_null=non_null,
        distinct_values=sum(classes.values()),
        most_rows=most,
        classes=dict(sorted(classes.items())),
        orphans=dict(sorted(orphans.items())),
    )
