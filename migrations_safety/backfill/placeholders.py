"""Writes placeholders: short batches in the order of their ids, each batch a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from django.apps import apps
from psycopg import sql

from migrations_safety.audit.run_log import Run
from migrations_safety.backfill.batches import MAX_PASSES, BatchOptions, batches, in_short_transaction
from migrations_safety.backfill.work_table import WorkTable, fill_work_table
from migrations_safety.census import counts
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES
from migrations_safety.census.question import Question
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.registry import PlaceholderMaker
from migrations_safety.sql.composition import compose, send, table_name

INTEGER_TYPES = ("smallint", "integer", "bigint")


@dataclass(kw_only=True)
class Outcome:
    """What was made so far."""

    created: int = 0
    """Placeholders."""
    already_present: int = 0
    """Distinct values that had a parent before."""
    refused: dict[str, int] = field(default_factory=dict)
    """Distinct values that get no placeholder, by class."""
    batches: int = 0


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
    """Make a placeholder for each orphan of an allowed class, and add the figures to `outcome`.

    An orphan that cannot be placed (its record number is taken) is refused as `conflict`.
    """
    with connection.cursor() as cursor:
        send(cursor, _make_function(maker, question, run))
    placing = _Placing(connection=connection, outcome=outcome, batching=batching, progress=progress)
    work = fill_work_table(connection, question, progress=progress)
    outcome.already_present += work.present
    refused = placing.until_none_is_left(replace(question, only_orphans=True), work)
    _advance_sequence(connection, question)
    outcome.refused |= {name: outcome.refused.get(name, 0) + values for name, values in refused.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placing:
    """Makes placeholders of the orphans in the work table."""

    connection: Connection
    outcome: Outcome
    batching: BatchOptions
    progress: Progress

    def until_none_is_left(self, orphans: Question, work: WorkTable) -> dict[str, int]:
        """Empty the work table and count again; returns the values that get no placeholder, by class."""
        # The application may add orphans while we work, so we repeat until a pass finds none. Before the keys exist
        # nothing keeps new orphans out: where the application adds some in each pass we stop after MAX_PASSES. The
        # keys, added NOT VALID in the next step, keep them out from then on.
        refused = work.refused
        for _ in range(MAX_PASSES):
            if not work.waiting:
                break
            if not self._place_all(work):
                return refused | {"conflict": work.waiting}
            left = self._count(orphans)
            refused = {name: values for name, values in left.items() if name not in PLACEHOLDER_CLASSES}
            if refused == left:
                break
            work = fill_work_table(self.connection, orphans, progress=self.progress)
        return refused

    def _count(self, orphans: Question) -> dict[str, int]:
        """Distinct orphans by class."""
        count = partial(counts.count, self.connection, orphans, progress=self.progress)
        return in_snapshot(self.connection, count, progress=self.progress).orphans

    def _place_all(self, work: WorkTable) -> int:
        """Make the placeholders batch by batch; returns how many."""
        made = 0
        with self.progress.steps("Placeholders", total=work.waiting) as advance:
            for batch in batches(self.connection, self.batching, total=work.values, progress=self.progress):
                place = compose("placeholders.place")
                made += in_short_transaction(self.connection, place, batch.parameters, progress=self.progress)
                self.outcome.batches += 1
                advance(made)
        self.outcome.created += made
        return made


def _advance_sequence(connection: Connection, question: Question) -> None:
    """Let the sequence of the parent's ids, where there is one, go on after the ids of the placeholders."""
    if question.type not in INTEGER_TYPES:
        return
    key = question.keys[0]
    parent = table_name(key.target_table, schema=question.schema)
    names = {"parent": parent, "parent_name": sql.Literal(parent.as_string()), "column": sql.Literal(key.target_column)}
    with connection.cursor() as cursor:
        send(cursor, compose("placeholders.advance_sequence", parent_id=sql.Identifier(key.target_column), **names))


def _make_function(maker: PlaceholderMaker, question: Question, run: Run) -> sql.Composed:
    """CREATE FUNCTION of this session, which makes one batch of placeholders."""
    # A batch is inserted as if nobody made a parent meanwhile: ON CONFLICT DO NOTHING costs a fifth of the time. Where
    # another session has made one, the function catches the error and inserts the others. It is a function because
    # the server does not log an error that it catches itself: the log would show the identifier.
    key = question.keys[0]
    parts: dict[str, sql.Composable] = {
        "parent": table_name(key.target_table, schema=question.schema),
        "parent_id": sql.Identifier(key.target_column),
        "companions": sql.SQL("").join(_companions(maker, question, run)),
        **_columns_and_values(maker.values, run),
    }
    where_free = compose("placeholders.where_free")
    return compose(
        "placeholders.make_function",
        make_all=compose("placeholders.make_placeholders", where_free=sql.SQL(""), **parts),
        make_those_that_are_free=compose("placeholders.make_placeholders", where_free=where_free, **parts),
    )


def _companions(maker: PlaceholderMaker, question: Question, run: Run) -> list[sql.Composed]:
    return [
        compose(
            "placeholders.companion",
            name=sql.Identifier(f"companion_{number}"),
            table=table_name(apps.get_model(companion.model)._meta.db_table, schema=question.schema),
            **_columns_and_values(companion.values, run),
        )
        for number, companion in enumerate(maker.companions)
    ]


def _columns_and_values(values: Mapping[str, str], run: Run) -> dict[str, sql.Composable]:
    of_run = {"run_id": sql.Literal(str(run.id)).as_string()}
    return {
        "columns": sql.SQL(",\n").join(map(sql.Identifier, values)),
        "values": sql.SQL(",\n").join(sql.SQL(value % of_run) for value in values.values()),
    }
