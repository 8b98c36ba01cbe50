"""Creates placeholders in short batches, in the order of their ids. Each batch is a transaction of its own."""

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
    """The numbers of the placeholders that were created so far, and of the values that got none."""

    created: int = 0
    """The number of placeholders that were created."""
    already_present: int = 0
    """The number of distinct values that had a parent before."""
    refused: dict[str, int] = field(default_factory=dict)
    """The number of distinct values that get no placeholder, by class of identifier."""
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
    """Create a placeholder for each orphan value of an allowed class of identifier, and add the numbers to `outcome`.

    `question` names the parent table and the foreign-key columns. An orphan value is counted as refused under
    `conflict` where its placeholder violates a unique constraint, such as the one on record numbers.
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
    """Creates placeholders for the orphan values in the work table."""

    connection: Connection
    outcome: Outcome
    batching: BatchOptions
    progress: Progress

    def until_none_is_left(self, orphans: Question, work: WorkTable) -> dict[str, int]:
        """Create all placeholders, and count again until no orphan value is left that may get one.

        Return the number of distinct values that get no placeholder, by class of identifier.
        """
        # The application may add orphans meanwhile, so this repeats until a pass finds none. As long as the foreign
        # keys do not exist, nothing keeps new orphans out. Where the application adds some in each pass, the work stops
        # after MAX_PASSES. The foreign keys, added NOT VALID in the next step, keep new orphans out from then on.
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
        """The number of distinct orphan values, by class of identifier."""
        count = partial(counts.count, self.connection, orphans, progress=self.progress)
        return in_snapshot(self.connection, count, progress=self.progress).orphans

    def _place_all(self, work: WorkTable) -> int:
        """Create the placeholders batch by batch; return the number of them."""
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
    """Advance the sequence of the parent's ids, if there is one, past the ids of the placeholders."""
    if question.type not in INTEGER_TYPES:
        return
    key = question.keys[0]
    parent = table_name(key.target_table, schema=question.schema)
    names = {"parent": parent, "parent_name": sql.Literal(parent.as_string()), "column": sql.Literal(key.target_column)}
    with connection.cursor() as cursor:
        send(cursor, compose("placeholders.advance_sequence", parent_id=sql.Identifier(key.target_column), **names))


def _make_function(maker: PlaceholderMaker, question: Question, run: Run) -> sql.Composed:
    """The CREATE FUNCTION statement for a temporary function that creates one batch of placeholders."""
    # A batch is inserted as if no other session created a parent meanwhile, as ON CONFLICT DO NOTHING costs a fifth of
    # the time. Where another session has created one, the function catches the error and inserts the other rows. The
    # server does not log an error that a function catches, and so the identifier does not appear in the log.
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
