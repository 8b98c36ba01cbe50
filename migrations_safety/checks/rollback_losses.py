"""Counts the rows that a rollback would lose, and the rows at which the rollback would stop half way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from psycopg import sql

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import rollback as wording
from migrations_safety.messages.wording import tables as table_wording
from migrations_safety.plan.column_values import Digits
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.rollback import Demand, DroppedColumn, DroppedTable, RequiredColumn, RetypedColumn
from migrations_safety.postgresql.connection import Connection
from migrations_safety.registry import verified_apps
from migrations_safety.schema.placeholder_makers import made_again
from migrations_safety.sql.composition import compose, send
from migrations_safety.sql.identifiers import qualify_if_needed

BITS_OF_INTEGERS = {"smallint": 15, "integer": 31, "bigint": 63}
"""The number of bits of each integer type, without the sign."""
UNLIMITED_TYPES = ("text", "varchar")
"""Types to which PostgreSQL converts any value of any other type without loss."""

Wording = Callable[..., Finding]
"""A function that returns a finding, given the number of rows as the keyword argument `rows`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A condition for rows of a table that are to be counted, and the finding in case there are any."""

    table: str
    condition: sql.Composable
    wording: Wording


def count_losses(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    """Return a finding for each condition that any row fulfils. Each table is read once for all its conditions."""
    by_table = defaultdict(list)
    for question in _questions(inspected):
        by_table[question.table].append(question)
    for table, questions in sorted(by_table.items()):
        counts = sql.SQL(", ").join(
            compose("rollback_losses.count", condition=question.condition) for question in questions
        )
        with connection.cursor() as cursor:
            send(cursor, compose("rollback_losses.counts", table=inspected.tables[table].in_sql, counts=counts))
            numbers = cursor.fetchone()
        for question, rows in zip(questions, numbers, strict=True):
            if rows:
                yield question.wording(rows=rows)


def _questions(inspected: InspectedPlan) -> list[Question]:
    """The questions about tables and columns that exist. Another check reports those that are missing."""
    rollback, schema = inspected.plan.rollback, inspected.target.schema

    def exists(column: DroppedColumn | RequiredColumn | RetypedColumn) -> bool:
        return not column.column or inspected.column(column.table, column.column) is not None

    questions = [_dropped_table(dropped, schema) for dropped in rollback.tables]
    questions += [_dropped_column(column, schema) for column in rollback.columns if exists(column)]
    questions += [_required(column) for column in rollback.required if exists(column)]
    for column in rollback.retyped:
        if exists(column):
            questions += _retyped(column, schema, stays=column.table not in rollback.dropped)
    questions += [_demand(demand) for demand in rollback.demands]
    return [question for question in questions if question.table in inspected.tables]


def _dropped_table(dropped: DroppedTable, schema: str) -> Question:
    if dropped.is_baseline:
        word = partial(wording.baseline_holds_rows, dropped.table, migration=dropped.migration)
        return Question(table=dropped.table, condition=compose("rollback_losses.any_row"), wording=word)
    is_verified = dropped.apps & verified_apps()
    word = partial(
        table_wording.dropped_with_rows if is_verified else table_wording.dropped_with_rows_of_others,
        dropped.table,
        dump=qualify_if_needed(dropped.table, schema=schema),
    )
    condition = compose("rollback_losses.not_made_again", made_again=sql.SQL(made_again(dropped.table)))
    return Question(table=dropped.table, condition=condition, wording=word)


def _dropped_column(dropped: DroppedColumn, schema: str) -> Question:
    column = sql.Identifier(dropped.column)
    condition = compose("rollback_losses.has_value", column=column)
    if dropped.filling is not None:
        condition = compose("rollback_losses.has_another_value", column=column, filling=sql.Literal(dropped.filling))
    is_verified = dropped.apps & verified_apps()
    word = partial(
        wording.values_dropped if is_verified else wording.values_dropped_of_others,
        dropped.subject,
        dump=qualify_if_needed(dropped.table, schema=schema),
    )
    return Question(table=dropped.table, condition=condition, wording=word)


def _required(required: RequiredColumn) -> Question:
    subject = f'{required.table}."{required.column or required.name}"'
    if required.column is None:
        word = partial(wording.required_column_empty, subject, migration=required.migration)
        return Question(table=required.table, condition=compose("rollback_losses.any_row"), wording=word)
    condition = compose("rollback_losses.has_none", column=sql.Identifier(required.column))
    word = partial(wording.null_in_required_column, subject, migration=required.migration)
    return Question(table=required.table, condition=condition, wording=word)


def _demand(demand: Demand) -> Question:
    word = partial(wording.demand_not_looked_at, demand.table, what=demand.what, migration=demand.migration)
    return Question(table=demand.table, condition=compose("rollback_losses.any_row"), wording=word)


def _retyped(column: RetypedColumn, schema: str, *, stays: bool) -> Iterator[Question]:
    """The questions for values of a column that do not fit the earlier type of the column.

    `stays` is False where the rollback drops the table later. Then only values that PostgreSQL refuses are counted,
    because the others are lost with the table anyway.
    """
    dump = qualify_if_needed(column.table, schema=schema)
    word = wording.values_cut if column.apps & verified_apps() else wording.values_cut_of_others
    unfit = _Unfit(
        column=column,
        refused=partial(wording.values_do_not_fit, column.subject, type=column.new_type, migration=column.migration),
        cut=partial(word, column.subject, type=column.new_type, dump=dump),
    )
    for question in unfit.questions():
        if stays or question.wording is unfit.refused:
            yield question


@dataclass(frozen=True, kw_only=True, slots=True)
class _Unfit:
    """The questions for values of a column that do not fit its earlier type.

    PostgreSQL refuses such a value, or cuts or rounds the value. `refused` and `cut` make the findings for both cases.
    """

    column: RetypedColumn
    refused: Wording
    cut: Wording

    def questions(self) -> Iterator[Question]:
        """One question for each way in which values may not fit: too long, too large, too many decimals."""
        old, new = self.column.old_type, self.column.new_type
        is_number = old in BITS_OF_INTEGERS or old.startswith(("numeric", "double", "real"))
        if self.column.length is not None:
            word = self.cut if self.column.cast else self.refused
            yield self._question("rollback_losses.longer", word, length=sql.Literal(self.column.length))
        elif is_number and (self.column.digits or new in BITS_OF_INTEGERS):
            yield self._too_large()
            if old not in BITS_OF_INTEGERS:
                after_point = self.column.digits.after_point if self.column.digits else 0
                yield self._question("rollback_losses.finer", self.cut, after_point=sql.Literal(after_point))
        elif new not in UNLIMITED_TYPES:
            yield self._question(
                "rollback_losses.has_value", partial(wording.type_not_looked_at, self.column.subject, type=new)
            )

    def _too_large(self) -> Question:
        digits: Digits | None = self.column.digits
        if digits:
            bounds = {"before_point": sql.Literal(digits.before_point), "after_point": sql.Literal(digits.after_point)}
            return self._question("rollback_losses.more_digits", self.refused, **bounds)
        bits = BITS_OF_INTEGERS[self.column.new_type]
        return self._question(
            "rollback_losses.beyond", self.refused, least=sql.Literal(-(2**bits)), most=sql.Literal(2**bits - 1)
        )

    def _question(self, statement: str, word: Wording, **values: sql.Composable) -> Question:
        column: dict[str, Any] = {"column": sql.Identifier(self.column.column)}
        return Question(table=self.column.table, condition=compose(statement, **column, **values), wording=word)
