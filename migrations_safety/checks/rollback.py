"""Checks of the way back: what it loses of what is there now, and where it would stop half way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from psycopg import sql

from migrations_safety import catalog
from migrations_safety.checks.evidence import Evidence
from migrations_safety.composing import composed, send
from migrations_safety.declarations import made_again
from migrations_safety.findings import Finding
from migrations_safety.findings import rollback as wording
from migrations_safety.findings import tables as of_tables
from migrations_safety.registry import verified_apps
from migrations_safety.sql import statement
from migrations_safety.way_back import DroppedColumn, DroppedTable, RequiredColumn, RetypedColumn, WayBack
from migrations_safety.words import to_paste

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


def check_rollback(connection: Any, evidence: Evidence, *, looks_at_data: bool) -> list[Finding]:
    """Steps without a reverse, rows and values that are lost or stand in the way, code that nobody looked at."""
    way_back = evidence.plan.way_back
    found = [wording.irreversible(one.migration, operation=str(one)) for one in way_back.irreversible]
    found += _opaque(way_back)
    found += [wording.not_there(subject) for subject in _missing(evidence)]
    taken = catalog.kinds_of_relations(connection, way_back.names)
    found += [wording.name_taken(name, found=taken[name], migration=way_back.names[name]) for name in sorted(taken)]
    if looks_at_data:
        found += _counted(connection, evidence)
    elif unseen := sorted(way_back.read & set(evidence.tables)):
        found.append(wording.not_counted(tables=unseen))
    return found + list(_falling(connection, evidence))


def _opaque(way_back: WayBack) -> Iterator[Finding]:
    by_migration = defaultdict(list)
    for one in way_back.opaque:
        by_migration[one.migration].append(str(one))
    for migration, operations in by_migration.items():
        yield wording.opaque(migration, operations=", ".join(operations))


def _missing(evidence: Evidence) -> list[str]:
    way_back = evidence.plan.way_back
    missing = {table for table in way_back.altered | way_back.dropped if table not in evidence.tables}
    columns = {(one.table, one.column) for one in way_back.columns}
    columns |= {(one.table, one.column) for one in way_back.retyped}
    columns |= {(one.table, one.column) for one in way_back.required if one.column}
    return sorted(missing) + [
        f'{table}."{column}"'
        for table, column in sorted(columns)
        if table in evidence.tables and not evidence.column(table, column)
    ]


def _counted(connection: Any, evidence: Evidence) -> Iterator[Finding]:
    by_table = defaultdict(list)
    for question in _questions(evidence):
        by_table[question.table].append(question)
    for table, questions in sorted(by_table.items()):
        counts = sql.SQL(", ").join(composed("rollback.count", condition=one.condition) for one in questions)
        with connection.cursor() as cursor:
            send(cursor, composed("rollback.counts", table=evidence.tables[table].in_sql, counts=counts))
            rows = cursor.fetchone()
        yield from (one.say(rows=number) for one, number in zip(questions, rows, strict=True) if number)


def _questions(evidence: Evidence) -> list[Question]:
    """Of what is there; what is missing has its own finding."""
    way_back, schema = evidence.plan.way_back, evidence.target.schema
    asked: list[Question] = [_dropped_table(one, schema) for one in way_back.tables]
    asked += [_dropped_column(one, schema) for one in way_back.columns if evidence.column(one.table, one.column)]
    asked += [_required(one) for one in way_back.required if not one.column or evidence.column(one.table, one.column)]
    for retyped in way_back.retyped:
        if evidence.column(retyped.table, retyped.column):
            asked += _retyped(retyped, schema)
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


def _retyped(one: RetypedColumn, schema: str) -> Iterator[Question]:
    old, new = one.types
    refused = partial(wording.values_do_not_fit, one.subject, type=new, migration=one.migration)
    word = wording.values_cut if one.apps & verified_apps() else wording.values_cut_of_others
    cut = partial(word, one.subject, type=new, dump=to_paste(one.table, schema=schema))
    how: dict[str, Any] = {"column": sql.Identifier(one.column)}
    is_number = old in WHOLE or old.startswith(("numeric", "double", "real"))
    if new in TAKES_ALL:
        return
    if one.length is not None:
        longer = composed("rollback.longer", length=sql.Literal(one.length), **how)
        yield Question(table=one.table, condition=longer, say=cut if one.cast else refused)
    elif is_number and (one.digits or new in WHOLE):
        yield from (
            Question(table=one.table, condition=what, say=say) for what, say in _numbers(one, how, refused, cut)
        )
    else:
        not_looked_at = partial(wording.type_not_looked_at, one.subject, type=new)
        yield Question(table=one.table, condition=composed("rollback.has_value", **how), say=not_looked_at)


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


def _falling(connection: Any, evidence: Evidence) -> Iterator[Finding]:
    """Views, and keys of tables that the way back does not touch: Django drops with CASCADE."""
    way_back, tables = evidence.plan.way_back, evidence.tables
    dropped: list[tuple[str, str | None]] = [(table, None) for table in sorted(way_back.dropped)]
    dropped += [(one.table, one.column) for one in way_back.columns]
    dropped = [(table, column) for table, column in dropped if table in tables]
    subjects = {(tables[table].oid, column): f'{table}."{column}"' if column else table for table, column in dropped}
    touched = [tables[name].oid for name in way_back.altered | way_back.dropped if name in tables]
    columns = [column for _, column in dropped]
    parameters = {"oids": [tables[table].oid for table, _ in dropped], "columns": columns, "touched": touched}
    with connection.cursor() as cursor:
        cursor.execute(statement("rollback.standing_on"), parameters)
        for name, kind, oid, column in cursor.fetchall():
            yield wording.falls_with_it(name, kind=kind, subject=subjects[oid, column])
