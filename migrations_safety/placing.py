"""Writes placeholders: short batches in the order of their ids, each batch a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import transaction
from psycopg import sql

from migrations_safety import scanning
from migrations_safety.census import all_rows
from migrations_safety.classes import PLACEHOLDER_CLASSES, Question, classified
from migrations_safety.composing import composed, table_name
from migrations_safety.ledger import Run
from migrations_safety.pace import Pace, batches, in_short_transaction
from migrations_safety.progress import Progress
from migrations_safety.registry import PlaceholderMaker
from migrations_safety.sql import statement

MOST_LOOKS = 10


@dataclass(kw_only=True)
class Outcome:
    """What was made so far; `refused` maps a class to distinct values."""

    created: int = 0
    already_present: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    batches: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Distinct `values` in the work table: those with a parent, those to place, and by class those that are refused."""

    values: int
    present: int
    waiting: int
    refused: dict[str, int]


def place(
    connection: Any,
    maker: PlaceholderMaker,
    question: Question,
    run: Run,
    outcome: Outcome,
    *,
    pace: Pace,
    progress: Progress,
) -> None:
    """Make a placeholder for each orphan of an allowed class, then look again until there is none.

    Writers may bring new orphans meanwhile, so what covers every reference is the last look, which found none; a
    hospital that brings new ones all the time is left after `MOST_LOOKS`, the keys will hold it from then on.
    An orphan that cannot be placed (its record number is taken) is refused as `conflict`.
    """
    statement_of_batch = _make_placeholders(maker, question)
    for looks in range(MOST_LOOKS):
        source = scanning.source(connection, question.keys, question.reading)
        with scanning.in_view(connection, source, progress=progress):
            seen = _look(connection, question, only_orphans=looks > 0)
        outcome.already_present += seen.present
        refused = seen.refused
        if not seen.waiting:
            break
        made = _batches(connection, statement_of_batch, seen, run, outcome, pace=pace, progress=progress)
        if not made:
            refused["conflict"] = seen.waiting
            break
    outcome.refused |= {name: outcome.refused.get(name, 0) + values for name, values in refused.items()}


def _look(connection: Any, question: Question, *, only_orphans: bool) -> Seen:
    """Look at all values, or at orphans alone; the work table is made anew."""
    allowed = sql.Literal(list(PLACEHOLDER_CLASSES))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        looked = classified(connection, question, all_rows(connection, question), only_orphans=only_orphans)
        make_work = composed("backfill.referenced", classified=looked, allowed=allowed)
        cursor.execute(statement("backfill.forget"))
        cursor.execute(make_work)
        cursor.execute(statement("backfill.index_work"))
        cursor.execute(statement("backfill.analyze_work"))
        cursor.execute(statement("backfill.referenced_counts"))
        counts = cursor.fetchall()
    present = sum(values for _, has_parent, values in counts if has_parent)
    orphans = {name: values for name, has_parent, values in counts if not has_parent}
    waiting = sum(orphans.pop(name, 0) for name in PLACEHOLDER_CLASSES)
    return Seen(values=present + waiting + sum(orphans.values()), present=present, waiting=waiting, refused=orphans)


def _batches(
    connection: Any,
    make: sql.Composed,
    seen: Seen,
    run: Run,
    outcome: Outcome,
    *,
    pace: Pace,
    progress: Progress,
) -> int:
    made = 0
    with progress.steps("Placeholders", total=seen.waiting) as advance:
        for after, upto in batches(connection, pace, total=seen.values, progress=progress):
            of_batch = {"after": after, "upto": upto, "run_id": str(run.id)}
            made += in_short_transaction(connection, make, of_batch, progress=progress)
            outcome.batches += 1
            advance(made)
    outcome.created += made
    return made


def _make_placeholders(maker: PlaceholderMaker, question: Question) -> sql.Composed:
    companions = [
        composed(
            "backfill.companion",
            name=sql.Identifier(f"companion_{number}"),
            table=table_name(apps.get_model(companion.model)._meta.db_table),
            **_columns_and_values(companion.values),
        )
        for number, companion in enumerate(maker.companions)
    ]
    return composed(
        "backfill.make_placeholders",
        parent=table_name(question.keys[0].target_table),
        parent_id=sql.Identifier(question.keys[0].target_column),
        companions=sql.SQL("").join(companions),
        **_columns_and_values(maker.values),
    )


def _columns_and_values(values: Mapping[str, str]) -> dict[str, sql.Composable]:
    return {
        "columns": sql.SQL(", ").join(map(sql.Identifier, values)),
        "values": sql.SQL(", ").join(sql.SQL(value) for value in values.values()),
    }


def unresolved(connection: Any, maker: PlaceholderMaker) -> int:
    """How many parents are still placeholders."""
    parent = table_name(apps.get_model(maker.model)._meta.db_table)
    query = composed("backfill.unresolved", parent=parent, unresolved=sql.SQL(maker.unresolved))
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
