"""Counts the values of foreign-key columns, by class of identifier; no value leaves the server.

One statement counts all columns that refer to one parent table. It reads each referencing table once and gives each
distinct value its class once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from migrations_safety.census.report import Census, OrphanCounts, ReferenceCounts
from migrations_safety.census.scan_queries import ScanQueries
from migrations_safety.census.scan_strategy import ScanPlan, size_of
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import fetch_rows, records
from migrations_safety.postgresql.parallel_queries import run_in_parallel
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql.composition import compose, send

MANY_ROWS = 1000
"""No patient has this many rows in one table: a value in so many rows may stand for 'no patient'."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FiguresOfReference:
    """How often values of one class of identifier stand in one foreign-key column."""

    values: int
    """The number of distinct values."""
    rows: int
    """The number of rows that hold one of these values."""
    most_rows: int
    """The number of rows that hold the most frequent value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FiguresOfClass:
    """The counts for all values of one class of identifier with a parent, or for all those without one."""

    identifier_class: str | None
    """None for the rows whose foreign-key column is NULL."""
    has_parent: bool
    values: int
    """The number of distinct values in all foreign-key columns together."""
    references: tuple[FiguresOfReference, ...]
    """The counts of each foreign-key column, in the order of `Question.keys`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spellings:
    """How many values are other spellings of the same id; the fields mean what those of `Census` mean."""

    several_spellings: int = 0
    spelled_otherwise: int = 0
    case_variants: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedQuestion:
    """A question without the comparisons that can find nothing, and the plan for reading its tables."""

    question: Question
    scan: ScanPlan


def count(connection: Connection, question: Question, *, progress: Progress | None = None) -> Census:
    """Count the values of all foreign-key columns of the question, and those without a parent.

    If text columns hold values of the classes in `COMPARED`, a second statement reads all values again and compares
    their spellings.
    """
    progress = progress or Progress()
    ready = prepare(connection, question)
    figures = _all_figures(connection, ready, progress=progress)
    spellings = Spellings()
    if {of_class.identifier_class for of_class in figures} & set(COMPARED):
        every = scan_queries.all_rows(ready.scan, value_type(ready.question), ready.question.since)
        with scan_progress.reporting_progress(connection, ready.scan, progress=progress):
            spellings = _spellings(connection, ready.question, every)
    return _census(ready.question, figures, spellings)


def prepare(connection: Connection, question: Question) -> PreparedQuestion:
    """Choose how to read the tables, and set PostgreSQL's planner accordingly until the transaction ends."""
    scan = scan_strategy.choose_scan(connection, question.keys, question.reading, since=question.since)
    scan_strategy.set_planner(connection, scan)
    if question.target_is_text and has_respelled_parents(connection, question):
        parents = question.keys[0].target_table
        parts = catalog.physical_tables(connection, [parents])[parents]
        return PreparedQuestion(question=question, scan=replace(scan, read_again=size_of(parts)))
    return PreparedQuestion(question=replace(question, target_is_text=False), scan=scan)


def count_values(connection: Connection, question: Question, rows: ScanQueries) -> Census:
    """Count only the values that `rows` returns, without comparing their spellings."""
    return _census(question, _figures(connection, question, rows), Spellings())


def _all_figures(connection: Connection, ready: PreparedQuestion, *, progress: Progress) -> list[FiguresOfClass]:
    """Count in one statement, or in one for each range of values; the counts of the ranges are to be added."""
    question, scan = ready.question, ready.scan
    ranges = scan_queries.split_into_ranges(connection, scan, value_type(question), question.since)
    if len(ranges) == 1:
        with scan_progress.reporting_progress(connection, scan, progress=progress):
            return _figures(connection, question, ranges[0])
    statements = [_counting(connection, question, rows) for rows in ranges]
    label = f"Counting {pluralize(len(question.keys), 'reference')} by their indexes, ranges"
    with progress.steps(label, total=len(ranges)) as advance:
        how: dict[str, Any] = {"sessions": scan.jobs, "settings": scan_strategy.BY_INDEX, "advance": advance}
        return [_named(record, question) for record in run_in_parallel(connection, statements, **how)]


def _figures(connection: Connection, question: Question, rows: ScanQueries) -> list[FiguresOfClass]:
    with connection.cursor() as cursor:
        send(cursor, _counting(connection, question, rows))
        return [_named(record, question) for record in records(cursor)]


def _counting(connection: Connection, question: Question, rows: ScanQueries) -> sql.Composed:
    of_references = [
        compose(
            "counts.figures_of_reference",
            in_rows=rows_of(number),
            values=sql.Identifier(f"values_{number}"),
            rows=sql.Identifier(f"rows_{number}"),
            most_rows=sql.Identifier(f"most_rows_{number}"),
        )
        for number in range(len(question.keys))
    ]
    counting = compose("counts.counts", figures=sql.SQL(",\n").join(of_references))
    return classified(connection, question, rows) + counting


def _named(record: dict[str, Any], question: Question) -> FiguresOfClass:
    return FiguresOfClass(
        identifier_class=record["class"],
        has_parent=record["has_parent"],
        values=record["values"],
        references=tuple(
            FiguresOfReference(
                values=record[f"values_{number}"],
                rows=record[f"rows_{number}"],
                most_rows=record[f"most_rows_{number}"],
            )
            for number in range(len(question.keys))
        ),
    )


def _spellings(connection: Connection, question: Question, rows: ScanQueries) -> Spellings:
    comparing = compose(
        "counts.spellings",
        uuid_spelled=compose("identifier_classes.uuid_spelled"),
        blanks=sql.Literal(BLANKS_AROUND),
        is_respelled=is_respelled(question),
    )
    with connection.cursor() as cursor:
        send(cursor, classified(connection, question, rows) + comparing)
        (found,) = fetch_rows(cursor, Spellings)
    return found


def _census(question: Question, figures: Sequence[FiguresOfClass], spellings: Spellings) -> Census:
    orphans: dict[str, int] = defaultdict(int)
    covered = 0
    for of_class in figures:
        if of_class.identifier_class is not None and of_class.has_parent:
            covered += of_class.values
        elif of_class.identifier_class is not None:
            orphans[of_class.identifier_class] += of_class.values
    return Census(
        target_table=question.keys[0].target_table,
        references=tuple(_reference(key, number, figures) for number, key in enumerate(question.keys)),
        orphans=dict(orphans),
        covered=covered,
        several_spellings=spellings.several_spellings,
        spelled_otherwise=spellings.spelled_otherwise,
        case_variants=spellings.case_variants,
    )


def _reference(key: DeclaredKey, number: int, figures: Iterable[FiguresOfClass]) -> ReferenceCounts:
    """Return the counts of one foreign-key column: the sum over all classes and ranges of values."""
    classes: dict[str, int] = defaultdict(int)
    orphans: dict[str, OrphanCounts] = {}
    total = non_null = most_rows = 0
    for of_class in figures:
        name, found = of_class.identifier_class, of_class.references[number]
        total += found.rows
        if name is None or not found.values:
            continue
        non_null += found.rows
        most_rows = max(most_rows, found.most_rows)
        classes[name] += found.values
        if not of_class.has_parent:
            so_far = orphans.get(name, OrphanCounts(values=0, rows=0))
            orphans[name] = OrphanCounts(values=so_far.values + found.values, rows=so_far.rows + found.rows)
    return ReferenceCounts(
        key=key,
        total_rows=total,
        non_null=non_null,
        distinct_values=sum(classes.values()),
        most_rows=most_rows,
        classes=dict(sorted(classes.items())),
        orphans=dict(sorted(orphans.items())),
    )
