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
from migrations_safety.plan.rollback import DroppedColumn, DroppedTable, RequiredColumn, RetypedColumn, WayBack
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.catalog import Table
from migrations_safety.registry import verified_apps
from migrations_safety.schema.declared_keys import made_again
from migrations_safety.sql import statement
from migrations_safety.sql.composition import composed, send
from migrations_safety.sql.identifiers import to_paste

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


def check_rollback(connection: Any, evidence: InspectedPlan, *, looks_at_data: bool) -> list[Finding]:
    """Steps without a reverse, rows and values that are lost or stand in the way, code that nobody looked at."""
    way_back = evidence.plan.way_back
    found = [wording.irreversible(one.migration, operation=str(one)) for one in way_back.irreversible]
    found += _not_judged(way_back)
    found += _missing(evidence)
    taken = catalog.kinds_of_relations(connection, way_back.names)
    found += [_taken(name, taken[name], *way_back.names[name]) for name in sorted(taken)]
    if looks_at_data:
        found += _counted(connection, evidence)
    elif unseen := sorted(way_back.read & set(evidence.tables)):
        found.append(wording.not_counted(tables=unseen))
    return found + list(_falling(connection, evidence)) + list(_having_enums(connection, evidence))


def _not_judged(way_back: WayBack) -> Iterator[Finding]:
    for steps, say in ((way_back.opaque, wording.opaque), (way_back.unjudged, wording.length_not_judged)):
        by_migration = defaultdict(list)
        for one in steps:
            by_migration[one.migration].append(str(one))
        for migration, operations in by_migration.items():
            yield say(migration, operations=", ".join(operations))


def _missing(evidence: InspectedPlan) -> Iterator[Finding]:
    way_back = evidence.plan.way_back
    things: set[tuple[str, str | None]] = {(table, None) for table in way_back.altered | way_back.dropped}
    things |= {(one.table, one.column) for one in way_back.columns}
    things |= {(one.table, one.column) for one in way_back.retyped}
    things |= {(one.table, one.column) for one in way_back.required if one.column}
    for table, column in sorted(things, key=lambda one: (one[1] is not None, one[0], one[1] or "")):
        is_there = evidence.column(table, column) if column else table in evidence.tables
        if is_there or (column and table not in evidence.tables):
            continue
        subject = f'{table}."{column}"' if column else table
        if code := way_back.after_code.get((table, column)):
            yield wording.may_come_back(subject, code=code)
        else:
            yield wording.not_there(subject)


def _taken(name: str, kind: str, migration: str, code: str) -> Finding:
    if code:
        return wording.name_may_be_freed(name, found=kind, migration=migration, code=code)
    return wording.name_taken(name, found=kind, migration=migration)


def _counted(connection: Any, evidence: InspectedPlan) -> Iterator[Finding]:
    by_table = defaultdict(list)
    for question in _questions(evidence):
        by_table[question.table].append(question)
    for table, questions in sorted(by_table.items()):
        counts = sql.SQL(", ").join(composed("rollback.count", condition=one.condition) for one in questions)
        with connection.cursor() as cursor:
            send(cursor, composed("rollback.counts", table=evidence.tables[table].in_sql, counts=counts))
            rows = cursor.fetchone()
        yield from (one.say(rows=number) for one, number in zip(questions, rows, strict=True) if number)


def _questions(evidence: InspectedPlan) -> list[Question]:
    """Of what is there; what is missing has its own finding."""
    way_back, schema = evidence.plan.way_back, evidence.target.schema
    asked: list[Question] = [_dropped_table(one, schema) for one in way_back.tables]
    asked += [_dropped_column(one, schema) for one in way_back.columns if evidence.column(one.table, one.column)]
    asked += [_required(one) for one in way_back.required if not one.column or evidence.column(one.table, one.column)]
    for retyped in way_back.retyped:
        if evidence.column(retyped.table, retyped.column):
            asked += _retyped(retyped, schema, stays=retyped.table not in way_back.dropped)
    for one in way_back.demands:
        say = partial(wording.demand_not_looked_at, one.table, what=one.what, migration=one.migration)
        asked.append(Question(table=one.table, condition=composed("rollback.any_row"), say=say))
    return [one for one in asked if one.table in evidence.tables]


def _dropped_table(one: DroppedTable, schema: str) -> Question:
    if one.is_baseline:
        say = partial(wording.baseline_holds_rows, one.table, migration=one.migration)
        return Question(table=one.table, condition=composed("rollback.any_row"), say=say)
    condition = composed("rollback.not_made_again", made_again=sql.SQL(made_again(one.table)))
    word = of_tables.dropped_with_rows if one.apps & verified_apps() else of_tables.dropped_with_rows_of_others
    return Question(
        table=one.table, condition=condition, say=partial(word, one.table, dump=to_paste(one.table, schema=schema))
    )


def _dropped_column(one: DroppedColumn, schema: str) -> Question:
    column = sql.Identifier(one.column)
    condition = composed("rollback.has_value", column=column)
    if one.filling is not None:
        condition = composed("rollback.has_another_value", column=column, filling=sql.Literal(one.filling))
    word = wording.values_dropped if one.apps & verified_apps() else wording.values_dropped_of_others
    return Question(
        table=one.table, condition=condition, say=partial(word, one.subject, dump=to_paste(one.table, schema=schema))
    )


def _required(one: RequiredColumn) -> Question:
    if one.column is None:
        say = partial(wording.required_column_empty, f'{one.table}."{one.name}"', migration=one.migration)
        return Question(table=one.table, condition=composed("rollback.any_row"), say=say)
    condition = composed("rollback.has_none", column=sql.Identifier(one.column))
    say = partial(wording.null_in_required_column, f'{one.table}."{one.column}"', migration=one.migration)
    return Question(table=one.table, condition=condition, say=say)


def _retyped(one: RetypedColumn, schema: str, *, stays: bool) -> Iterator[Question]:
    """What does not fit; of a table that is dropped later on only what PostgreSQL refuses."""
    refused = partial(wording.values_do_not_fit, one.subject, type=one.types[1], migration=one.migration)
    word = wording.values_cut if one.apps & verified_apps() else wording.values_cut_of_others
    cut = partial(word, one.subject, type=one.types[1], dump=to_paste(one.table, schema=schema))
    for condition, say in _unfit(one, refused, cut):
        if stays or say is refused:
            yield Question(table=one.table, condition=condition, say=say)


def _unfit(one: RetypedColumn, refused: Say, cut: Say) -> Iterator[tuple[sql.Composable, Say]]:
    old, new = one.types
    how: dict[str, Any] = {"column": sql.Identifier(one.column)}
    is_number = old in WHOLE or old.startswith(("numeric", "double", "real"))
    if one.length is not None:
        yield composed("rollback.longer", length=sql.Literal(one.length), **how), cut if one.cast else refused
    elif is_number and (one.digits or new in WHOLE):
        yield from _numbers(one, how, refused, cut)
    elif new not in TAKES_ALL:
        yield composed("rollback.has_value", **how), partial(wording.type_not_looked_at, one.subject, type=new)


def _numbers(one: RetypedColumn, how: dict[str, Any], refused: Say, cut: Say) -> Iterator[tuple[sql.Composable, Say]]:
    """What is too large is refused, what is too fine is rounded."""
    before_point, after_point = one.digits or (0, 0)
    if one.digits:
        digits = {"before_point": sql.Literal(before_point), "after_point": sql.Literal(after_point)}
        yield composed("rollback.more_digits", **digits, **how), refused
    else:
        bits = WHOLE[one.types[1]]
        bounds = {"least": sql.Literal(-(2**bits)), "most": sql.Literal(2**bits - 1)}
        yield composed("rollback.beyond", **bounds, **how), refused
    if one.types[0] not in WHOLE:
        yield composed("rollback.finer", after_point=sql.Literal(after_point), **how), cut


def _falling(connection: Any, evidence: InspectedPlan) -> Iterator[Finding]:
    """Views, and keys of tables that the way back does not touch: they fall with what is dropped, or forbid it.

    Django drops tables with CASCADE; columns too, before its version 6.1. No type changes under a view.
    """
    way_back, tables = evidence.plan.way_back, evidence.tables
    cascades = "CASCADE" in str(connection.SchemaEditorClass.sql_delete_column)  # of another engine it is no text
    dropped: list[tuple[str, str | None]] = [(table, None) for table in sorted(way_back.dropped)]
    dropped += [(one.table, one.column) for one in (way_back.columns if cascades else way_back.every_column)]
    retyped = [(one.table, one.column) for one in way_back.retyped]
    touched = [tables[name].oid for name in way_back.altered | way_back.dropped if name in tables]
    for name, kind, table, column in _standing_on(connection, tables, dropped, touched=touched):
        say = wording.falls_with_it if cascades or not column else wording.in_the_way
        yield say(name, kind=kind, subject=f'{table}."{column}"' if column else table)
    for name, kind, table, column in _standing_on(connection, tables, retyped, touched=None):
        yield wording.in_the_way(name, kind=kind, subject=f'{table}."{column}"')


def _standing_on(
    connection: Any, tables: dict[str, Table], things: Iterable[tuple[str, str | None]], *, touched: list[int] | None
) -> Iterator[tuple[str, str, str, str | None]]:
    """What stands on tables or columns: its name, its kind, and on which; no keys where nothing is `touched`."""
    there = [(table, column) for table, column in things if table in tables]
    names = {tables[table].oid: table for table, _ in there}
    parameters = {"oids": [tables[table].oid for table, _ in there], "columns": [column for _, column in there]}
    with connection.cursor() as cursor:
        cursor.execute(statement("rollback.standing_on"), {**parameters, "touched": touched})
        found = cursor.fetchall()
    return ((name, kind, names[oid], column) for name, kind, oid, column in found)


def _having_enums(connection: Any, evidence: InspectedPlan) -> Iterator[Finding]:
    """Columns that the way back leaves with an enum that it drops."""
    way_back, tables = evidence.plan.way_back, evidence.tables
    gone: set[tuple[int, str | None]] = {(tables[one].oid, None) for one in way_back.dropped if one in tables}
    for kind in (way_back.every_column, way_back.retyped):
        gone |= {(tables[one.table].oid, one.column) for one in kind if one.table in tables}
    for enum in way_back.enums:
        for oid, table, column in catalog.columns_of_type(connection, enum):
            if not {(oid, None), (oid, column)} & gone:
                yield wording.in_the_way(f'{table}."{column}"', kind="a column", subject=f"the enum {enum}")
