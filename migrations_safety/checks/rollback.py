"""Checks of the way back: what it loses of what is there now, and where it would stop half way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from psycopg import sql

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import rollback as wording
from migrations_safety.messages.wording import tables as of_tables
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.rollback import DroppedColumn, DroppedTable, RequiredColumn, RetypedColumn, Rollback
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.registry import verified_apps
from migrations_safety.schema.placeholder_makers import made_again
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send
from migrations_safety.sql.identifiers import qualify_if_needed

WHOLE = {"smallint": 15, "integer": 31, "bigint": 63}
"""Types of whole numbers with their bits, less the sign."""
TAKES_ALL = ("text", "varchar")

Say = Callable[..., Finding]
"""A wording that lacks the number of rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Rows of a table to count, and what is to be said where there are any."""

    table: str
    condition: sql.Composable
    say: Say


def check_rollback(connection: Connection, inspected: InspectedPlan, *, looks_at_data: bool) -> list[Finding]:
    """Steps without a reverse, rows and values that are lost or stand in the way, code that nobody looked at."""
    rollback = inspected.plan.rollback
    found = [wording.irreversible(one.migration, operation=str(one)) for one in rollback.irreversible]
    found += _not_judged(rollback)
    found += _missing(inspected)
    taken = catalog.kinds_of_relations(connection, rollback.names)
    found += [_taken(name, taken[name], *rollback.names[name]) for name in sorted(taken)]
    if looks_at_data:
        found += _counted(connection, inspected)
    elif unseen := sorted(rollback.read & set(inspected.tables)):
        found.append(wording.not_counted(tables=unseen))
    return found + list(_falling(connection, inspected)) + list(_having_enums(connection, inspected))


def _not_judged(rollback: Rollback) -> Iterator[Finding]:
    for steps, say in ((rollback.opaque, wording.opaque), (rollback.unjudged, wording.length_not_judged)):
        by_migration = defaultdict(list)
        for one in steps:
            by_migration[one.migration].append(str(one))
        for migration, operations in by_migration.items():
            yield say(migration, operations=", ".join(operations))


def _missing(inspected: InspectedPlan) -> Iterator[Finding]:
    rollback = inspected.plan.rollback
    things: set[tuple[str, str | None]] = {(table, None) for table in rollback.altered | rollback.dropped}
    things |= {(one.table, one.column) for one in rollback.columns}
    things |= {(one.table, one.column) for one in rollback.retyped}
    things |= {(one.table, one.column) for one in rollback.required if one.column}
    for table, column in sorted(things, key=lambda one: (one[1] is not None, one[0], one[1] or "")):
        is_there = inspected.column(table, column) if column else table in inspected.tables
        if is_there or (column and table not in inspected.tables):
            continue
        subject = f'{table}."{column}"' if column else table
        if code := rollback.after_code.get((table, column)):
            yield wording.may_come_back(subject, code=code)
        else:
            yield wording.not_there(subject)


def _taken(name: str, kind: str, migration: str, code: str) -> Finding:
    if code:
        return wording.name_may_be_freed(name, found=kind, migration=migration, code=code)
    return wording.name_taken(name, found=kind, migration=migration)


def _counted(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    by_table = defaultdict(list)
    for question in _questions(inspected):
        by_table[question.table].append(question)
    for table, questions in sorted(by_table.items()):
        counts = sql.SQL(", ").join(compose("rollback.count", condition=one.condition) for one in questions)
        with connection.cursor() as cursor:
            send(cursor, compose("rollback.counts", table=inspected.tables[table].in_sql, counts=counts))
            rows = cursor.fetchone()
        yield from (one.say(rows=number) for one, number in zip(questions, rows, strict=True) if number)


def _questions(inspected: InspectedPlan) -> list[Question]:
    """Of what is there; what is missing has its own finding."""
    rollback, schema = inspected.plan.rollback, inspected.target.schema
    asked: list[Question] = [_dropped_table(one, schema) for one in rollback.tables]
    asked += [_dropped_column(one, schema) for one in rollback.columns if inspected.column(one.table, one.column)]
    asked += [_required(one) for one in rollback.required if not one.column or inspected.column(one.table, one.column)]
    for retyped in rollback.retyped:
        if inspected.column(retyped.table, retyped.column):
            asked += _retyped(retyped, schema, stays=retyped.table not in rollback.dropped)
    for one in rollback.demands:
        say = partial(wording.demand_not_looked_at, one.table, what=one.what, migration=one.migration)
        asked.append(Question(table=one.table, condition=compose("rollback.any_row"), say=say))
    return [one for one in asked if one.table in inspected.tables]


def _dropped_table(one: DroppedTable, schema: str) -> Question:
    if one.is_baseline:
        say = partial(wording.baseline_holds_rows, one.table, migration=one.migration)
        return Question(table=one.table, condition=compose("rollback.any_row"), say=say)
    condition = compose("rollback.not_made_again", made_again=sql.SQL(made_again(one.table)))
    word = of_tables.dropped_with_rows if one.apps & verified_apps() else of_tables.dropped_with_rows_of_others
    return Question(
        table=one.table,
        condition=condition,
        say=partial(word, one.table, dump=qualify_if_needed(one.table, schema=schema)),
    )


def _dropped_column(one: DroppedColumn, schema: str) -> Question:
    column = sql.Identifier(one.column)
    condition = compose("rollback.has_value", column=column)
    if one.filling is not None:
        condition = compose("rollback.has_another_value", column=column, filling=sql.Literal(one.filling))
    word = wording.values_dropped if one.apps & verified_apps() else wording.values_dropped_of_others
    return Question(
        table=one.table,
        condition=condition,
        say=partial(word, one.subject, dump=qualify_if_needed(one.table, schema=schema)),
    )


def _required(one: RequiredColumn) -> Question:
    if one.column is None:
        say = partial(wording.required_column_empty, f'{one.table}."{one.name}"', migration=one.migration)
        return Question(table=one.table, condition=compose("rollback.any_row"), say=say)
    condition = compose("rollback.has_none", column=sql.Identifier(one.column))
    say = partial(wording.null_in_required_column, f'{one.table}."{one.column}"', migration=one.migration)
    return Question(table=one.table, condition=condition, say=say)


def _retyped(one: RetypedColumn, schema: str, *, stays: bool) -> Iterator[Question]:
    """What does not fit; of a table that is dropped later on only what PostgreSQL refuses."""
    refused = partial(wording.values_do_not_fit, one.subject, type=one.types[1], migration=one.migration)
    word = wording.values_cut if one.apps & verified_apps() else wording.values_cut_of_others
    cut = partial(word, one.subject, type=one.types[1], dump=qualify_if_needed(one.table, schema=schema))
    for condition, say in _unfit(one, refused, cut):
        if stays or say is refused:
            yield Question(table=one.table, condition=condition, say=say)


def _unfit(one: RetypedColumn, refused: Say, cut: Say) -> Iterator[tuple[sql.Composable, Say]]:
    old, new = one.types
    how: dict[str, Any] = {"column": sql.Identifier(one.column)}
    is_number = old in WHOLE or old.startswith(("numeric", "double", "real"))
    if one.length is not None:
        yield compose("rollback.longer", length=sql.Literal(one.length), **how), cut if one.cast else refused
    elif is_number and (one.digits or new in WHOLE):
        yield from _numbers(one, how, refused, cut)
    elif new not in TAKES_ALL:
        yield compose("rollback.has_value", **how), partial(wording.type_not_looked_at, one.subject, type=new)


def _numbers(one: RetypedColumn, how: dict[str, Any], refused: Say, cut: Say) -> Iterator[tuple[sql.Composable, Say]]:
    """What is too large is refused, what is too fine is rounded."""
    before_point, after_point = one.digits or (0, 0)
    if one.digits:
        digits = {"before_point": sql.Literal(before_point), "after_point": sql.Literal(after_point)}
        yield compose("rollback.more_digits", **digits, **how), refused
    else:
        bits = WHOLE[one.types[1]]
        bounds = {"least": sql.Literal(-(2**bits)), "most": sql.Literal(2**bits - 1)}
        yield compose("rollback.beyond", **bounds, **how), refused
    if one.types[0] not in WHOLE:
        yield compose("rollback.finer", after_point=sql.Literal(after_point), **how), cut


def _falling(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    """Views, and keys of tables that the way back does not touch: they fall with what is dropped, or forbid it.

    Django drops tables with CASCADE; columns too, before its version 6.1. No type changes under a view.
    """
    rollback, tables = inspected.plan.rollback, inspected.tables
    cascades = "CASCADE" in str(connection.SchemaEditorClass.sql_delete_column)  # of another engine it is no text
    dropped: list[tuple[str, str | None]] = [(table, None) for table in sorted(rollback.dropped)]
    dropped += [(one.table, one.column) for one in (rollback.columns if cascades else rollback.every_column)]
    retyped = [(one.table, one.column) for one in rollback.retyped]
    touched = [tables[name].oid for name in rollback.altered | rollback.dropped if name in tables]
    for name, kind, table, column in _standing_on(connection, tables, dropped, touched=touched):
        say = wording.falls_with_it if cascades or not column else wording.in_the_way
        yield say(name, kind=kind, subject=f'{table}."{column}"' if column else table)
    for name, kind, table, column in _standing_on(connection, tables, retyped, touched=None):
        yield wording.in_the_way(name, kind=kind, subject=f'{table}."{column}"')


def _standing_on(
    connection: Connection,
    tables: dict[str, Table],
    things: Iterable[tuple[str, str | None]],
    *,
    touched: list[int] | None,
) -> Iterator[tuple[str, str, str, str | None]]:
    """What stands on tables or columns: its name, its kind, and on which; no keys where nothing is `touched`."""
    there = [(table, column) for table, column in things if table in tables]
    names = {tables[table].oid: table for table, _ in there}
    parameters = {"oids": [tables[table].oid for table, _ in there], "columns": [column for _, column in there]}
    with connection.cursor() as cursor:
        cursor.execute(statement("rollback.standing_on"), {**parameters, "touched": touched})
        found = cursor.fetchall()
    return ((name, kind, names[oid], column) for name, kind, oid, column in found)


def _having_enums(connection: Connection, inspected: InspectedPlan) -> Iterator[Finding]:
    """Columns that the way back leaves with an enum that it drops."""
    rollback, tables = inspected.plan.rollback, inspected.tables
    gone: set[tuple[int, str | None]] = {(tables[one].oid, None) for one in rollback.dropped if one in tables}
    for kind in (rollback.every_column, rollback.retyped):
        gone |= {(tables[one.table].oid, one.column) for one in kind if one.table in tables}
    for enum in rollback.enums:
        for one in catalog.columns_of_type(connection, enum):
            if not {(one.table_oid, None), (one.table_oid, one.column)} & gone:
                yield wording.in_the_way(f'{one.table}."{one.column}"', kind="a column", subject=f"the enum {enum}")
