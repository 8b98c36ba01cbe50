"""Writes placeholders: short batches in the order of their ids, each batch a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, repeat

from django.apps import apps
from django.db import transaction
from psycopg import sql

from migrations_safety.audit.run_log import Run
from migrations_safety.backfill.batches import MAX_PASSES, BatchOptions, batches, in_short_transaction
from migrations_safety.census import counts, scan_progress, scan_queries
from migrations_safety.census.counts import prepare
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES, classified, value_type
from migrations_safety.census.question import Question
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.registry import PlaceholderMaker
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send, table_name

WHOLE_NUMBERS = ("smallint", "integer", "bigint")


@dataclass(kw_only=True)
class Outcome:
    """What was made so far; `refused` maps a class to distinct values."""

    created: int = 0
    already_present: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    batches: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkTable:
    """Distinct `values` in the work table: those with a parent, those to place, and by class those that are refused."""

    values: int
    present: int
    waiting: int
    refused: dict[str, int]


def place(
    connection: Connection,
    maker: PlaceholderMaker,
    question: Question,
    run: Run,
    outcome: Outcome,
    *,
    batching: BatchOptions,
    progress: Progress,
) -> None:
    """Make a placeholder for each orphan of an allowed class.

    The application may add orphans while we work, so we repeat until a pass finds none, at most `MAX_PASSES` times:
    the keys refuse new ones from then on. An orphan whose record number is taken is refused as `conflict`.
    """
    with connection.cursor() as cursor:
        send(cursor, _make_function(maker, question, run))
    work = _fill_work_table(connection, question, progress=progress)
    outcome.already_present += work.present
    refused = work.refused
    of_orphans = replace(question, only_orphans=True)
    for _ in range(MAX_PASSES):
        if not work.waiting:
            break
        if not _batches(connection, work, outcome, batching=batching, progress=progress):
            refused["conflict"] = work.waiting
            break
        left = in_snapshot(
            connection, partial(counts.count, connection, of_orphans, progress=progress), progress=progress
        )
        refused = {name: values for name, values in left.orphans.items() if name not in PLACEHOLDER_CLASSES}
        if refused == left.orphans:
            break
        work = _fill_work_table(connection, of_orphans, progress=progress)
    _advance_sequence(connection, question)
    outcome.refused |= {name: outcome.refused.get(name, 0) + values for name, values in refused.items()}


def _advance_sequence(connection: Connection, question: Question) -> None:
    """Where a sequence gives out the parent's ids, let it go on after those that were made."""
    if question.type not in WHOLE_NUMBERS:
        return
    key = question.keys[0]
    parent = table_name(key.target_table, schema=question.schema)
    names = {"parent": parent, "parent_name": sql.Literal(parent.as_string()), "column": sql.Literal(key.target_column)}
    with connection.cursor() as cursor:
        send(cursor, compose("placeholders.advance_sequence", parent_id=sql.Identifier(key.target_column), **names))


def _fill_work_table(connection: Connection, question: Question, *, progress: Progress) -> WorkTable:
    """Put what is asked for into a new work table, and count it."""
    allowed = sql.Literal(list(PLACEHOLDER_CLASSES))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(statement("placeholders.one_snapshot"))
        ready = prepare(connection, question)
        cursor.execute(statement("placeholders.forget"))
        seen = 0
        with scan_progress.reporting_progress(connection, ready.scan, progress=progress):
            apart = scan_queries.split_into_ranges(
                connection, replace(ready.scan, nullable=frozenset()), value_type(ready.question)
            )
            for make, rows in zip(chain(["make_work"], repeat("add_to_work")), apart, strict=False):
                looked = classified(connection, ready.question, rows)
                of_rows = compose(
                    "placeholders.referenced", classified=looked, allowed=allowed, before=sql.Literal(seen)
                )
                send(cursor, compose(f"placeholders.{make}", referenced=of_rows))
                seen += cursor.rowcount
        cursor.execute(statement("placeholders.index_work"))
        cursor.execute(statement("placeholders.analyze_work"))
        cursor.execute(statement("placeholders.referenced_counts"))
        counts = cursor.fetchall()
    present = sum(values for _, has_parent, values in counts if has_parent)
    orphans = {name: values for name, has_parent, values in counts if not has_parent}
    waiting = sum(orphans.pop(name, 0) for name in PLACEHOLDER_CLASSES)
    return WorkTable(
        values=present + waiting + sum(orphans.values()), present=present, waiting=waiting, refused=orphans
    )


def _batches(
    connection: Connection,
    work: WorkTable,
    outcome: Outcome,
    *,
    batching: BatchOptions,
    progress: Progress,
) -> int:
    made = 0
    with progress.steps("Placeholders", total=work.waiting) as advance:
        for after, upto in batches(connection, batching, total=work.values, progress=progress):
            of_batch = {"after": after, "upto": upto}
            made += in_short_transaction(connection, compose("placeholders.place"), of_batch, progress=progress)
            outcome.batches += 1
            advance(made)
    outcome.created += made
    return made


def _make_function(maker: PlaceholderMaker, question: Question, run: Run) -> sql.Composed:
    """A function of this session that makes one batch; what a server catches itself it does not log."""
    companions = [
        compose(
            "placeholders.companion",
            name=sql.Identifier(f"companion_{number}"),
            table=table_name(apps.get_model(companion.model)._meta.db_table, schema=question.schema),
            **_columns_and_values(companion.values, run),
        )
        for number, companion in enumerate(maker.companions)
    ]
    parts: dict[str, sql.Composable] = {
        "parent": table_name(question.keys[0].target_table, schema=question.schema),
        "parent_id": sql.Identifier(question.keys[0].target_column),
        "companions": sql.SQL("").join(companions),
        **_columns_and_values(maker.values, run),
    }
    where_free = compose("placeholders.where_free")
    return compose(
        "placeholders.make_function",
        make_all=compose("placeholders.make_placeholders", where_free=sql.SQL(""), **parts),
        make_those_that_are_free=compose("placeholders.make_placeholders", where_free=where_free, **parts),
    )


def _columns_and_values(values: Mapping[str, str], run: Run) -> dict[str, sql.Composable]:
    of_run = {"run_id": sql.Literal(str(run.id)).as_string()}
    return {
        "columns": sql.SQL(",\n").join(map(sql.Identifier, values)),
        "values": sql.SQL(",\n").join(sql.SQL(value % of_run) for value in values.values()),
    }
