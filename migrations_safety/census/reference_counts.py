"""Counts the values of many foreign-key columns, with one question for each parent column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from migrations_safety.census import counts
from migrations_safety.census.question import Question
from migrations_safety.census.report import Census
from migrations_safety.census.scan_strategy import ScanOptions
from migrations_safety.fields import id_pattern
from migrations_safety.messages.progress import Progress
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.comparable_types import SPELLED
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.placeholder_makers import maker_of_table

CLASSIFIED = ("uuid", *SPELLED)
"""Values get a class of identifier only where they are compared as one of these types (not integers or dates)."""


def count(
    connection: Connection,
    inspected: InspectedSchema,
    keys: Iterable[DeclaredKey],
    *,
    reading: ScanOptions,
    progress: Progress,
    since: int | None = None,
) -> list[Census]:
    """Count the values of the columns of `keys`, and return one Census for each parent column.

    `since` is the number of a transaction, as in `Question`: only rows that it or a later one wrote are counted.
    """
    return [
        counts.count(connection, replace(question, since=since), progress=progress)
        for question in questions(inspected, keys, reading=reading)
    ]


def questions(inspected: InspectedSchema, keys: Iterable[DeclaredKey], *, reading: ScanOptions) -> list[Question]:
    """Return one Question for each parent column that the keys refer to."""
    ordered = sorted(keys, key=_parent)
    return [_question(inspected, tuple(of_one), reading) for _, of_one in groupby(ordered, key=_parent)]


def _parent(key: DeclaredKey) -> tuple[str, str, bool]:
    return key.target_table, key.target_column, "target_column" in key.new


def _question(inspected: InspectedSchema, keys: tuple[DeclaredKey, ...], reading: ScanOptions) -> Question:
    parent, type = inspected.referenced(keys[0]), inspected.compared_as(keys)
    maker = maker_of_table(keys[0].target_table)
    number = maker.record_number_column if maker else None
    is_text = parent is not None and parent.base_type.startswith(("text", "character"))
    is_classified = bool(maker and maker.classified) and type.startswith(CLASSIFIED)
    return Question(
        keys=keys,
        schema=inspected.target.schema,
        target_exists=parent is not None,
        target_is_partitioned=parent is not None and inspected.tables[keys[0].target_table].is_partitioned,
        target_is_text=is_text and is_classified,
        type=type,
        classified=is_classified,
        id_pattern=id_pattern(),
        record_number_column=number if number and inspected.column(keys[0].target_table, number) else None,
        reading=reading,
    )
