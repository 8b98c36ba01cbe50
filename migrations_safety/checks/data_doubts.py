"""Finds what a plan itself does to the rows before it demands something of them, from its measured statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps

from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.report import MeasuredOperation, MeasuredPlan, MeasuredStatement

WRITES = re.compile(r"(UPDATE|DELETE|INSERT|MERGE|COPY|TRUNCATE|WITH)\b", re.IGNORECASE)
WRITING_LOCK = "RowExclusiveLock"
LOCKS_OF_READERS = ("AccessShareLock", "RowShareLock", WRITING_LOCK)
MAKERS = {
    "not_null": r"NOT NULL|PRIMARY KEY|IDENTITY|DOMAIN",
    "unique": r"UNIQUE|PRIMARY KEY",
    "check": r"CHECK|VALIDATE|DOMAIN|PARTITION",
    "exclusion": r"EXCLUDE|OVERLAPS",
    "foreign_key": r"REFERENCES|VALIDATE",
    "length": r"TYPE",
    "cast": r"TYPE",
    "enum": r"TYPE",
    "drop": r"DROP",
}
"""For each kind of demand the words of the statements that make it."""
NAME = r'(?:"?[\w$]+"?\.)?"?([\w$]+)"?'
FILLS = re.compile(
    rf'UPDATE (?:ONLY )?{NAME} SET "?([\w$]+)"? = (?:%s|\$\d+|true|false|now\(\)|gen_random_uuid\(\)) '  # noqa: S608
    r'WHERE "?\2"? IS NULL(?:; SET CONSTRAINTS ALL IMMEDIATE)?;?$',
    re.IGNORECASE,
)
"""An UPDATE that gives a value to all rows that have none, as Django sends before SET NOT NULL."""
UNKNOWN = ""
"""Stands for a table whose name is not known."""
RETYPES = re.compile(r'ALTER (?:COLUMN )?"?([\w$]+)"? (?:SET DATA )?TYPE (.*)', re.IGNORECASE)
USING = re.compile(r"\bUSING (.*)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What the plan does to the rows of one demand before that."""

    written_by: tuple[str, ...]
    """Labels of the migrations whose SQL writes the rows."""
    code: tuple[str, ...]
    """Labels of the migrations that run code whose effect is not known."""
    filled: frozenset[str]
    """The columns, by their names then, in which every NULL is replaced."""


def before(measured: MeasuredPlan, demand: Demand) -> Before:
    """Return what the plan does before a demand to the rows that it is about."""
    written: dict[str, None] = {}
    code: dict[str, None] = {}
    filled: set[str] = set()
    tables = {demand.table, demand.parent_name} if demand.parent else {demand.table}
    for operation, statement in _earlier(measured, demand):
        if statement is None:
            code[operation.migration] = None
            continue
        fills = FILLS.match(statement.sql)
        if fills and fills[1] in (demand.alias, demand.relation):
            filled.add(fills[2])
            if fills[2] not in _names(demand):
                continue
        if _touches(statement, demand, tables):
            written[operation.migration] = None
    return Before(written_by=tuple(written), code=tuple(code), filled=frozenset(filled))


def _names(demand: Demand) -> set[str]:
    return {*demand.columns, *(source.name for source in demand.sources)}


def _earlier(measured: MeasuredPlan, demand: Demand) -> Iterator[tuple[MeasuredOperation, MeasuredStatement | None]]:
    """Return the statements before the demand, each with its operation; None stands for code that is not known."""
    for transaction in measured.transactions:
        steps = [
            (operation, statement)
            for operation in transaction.operations
            for statement in (*((None,) if _may_change(operation, demand) else ()), *operation.statements)
        ]
        if demand.migration not in transaction.migrations:
            yield from steps
            continue
        yield from steps[: _last(steps, demand)]
        return


def _may_change(operation: MeasuredOperation, demand: Demand) -> bool:
    """Return whether an operation runs code that may write the rows: it names the table's model, or none at all.

    Before a drop any code counts, because the model that is dropped later is not among those that were looked for.
    """
    if not operation.opaque or not operation.models or demand.kind == "drop":
        return operation.opaque
    tables = {demand.alias, demand.relation, *((demand.parent[1],) if demand.parent else ())}
    named = {table for label in operation.models for table in _tables_of(label)}
    return UNKNOWN in named or any(table == name or table.startswith(f"{name}_") for table in tables for name in named)


def _tables_of(label: str) -> set[str]:
    """Return the names that the table of a model may have; UNKNOWN is among them for a model that is gone."""
    by_default = label.replace(".", "_").lower()
    try:
        return {by_default, apps.get_model(label)._meta.db_table}
    except LookupError:
        return {by_default, UNKNOWN}


def _last(steps: list[tuple[MeasuredOperation, MeasuredStatement | None]], demand: Demand) -> int:
    """Return the position of the last statement that may have made the demand, by its words, else by its effects."""
    about = [
        (place, statement)
        for place, (_, statement) in enumerate(steps)
        if statement and not WRITES.match(statement.sql) and _is_about(statement, demand)
    ]
    by_words = re.compile(rf"\b(?:{MAKERS[demand.kind]})\b", re.IGNORECASE)
    found = [place for place, statement in about if by_words.search(statement.sql)] or [place for place, _ in about]
    return found[-1] if found else len(steps)


def _is_about(statement: MeasuredStatement, demand: Demand) -> bool:
    if any(effect.table == demand.table for effect in statement.tables):
        return True
    return not {demand.alias, demand.relation}.isdisjoint(re.findall(r"[\w$]+", statement.sql))


def _touches(statement: MeasuredStatement, demand: Demand, tables: Iterable[str]) -> bool:
    """Return whether a statement writes one of the tables; before a drop it is enough that it reads the table.

    A parent that the plan makes is written by any statement that writes a new table.
    """
    of_new = demand.kind == "foreign_key" and demand.parent is None
    is_writing = WRITES.match(statement.sql) is not None
    locks = LOCKS_OF_READERS if demand.kind == "drop" else (WRITING_LOCK,)
    return any(
        (effect.lock in locks or is_writing) and (effect.table in tables or (effect.new and of_new))
        for effect in statement.tables
    )


def conversion(measured: MeasuredPlan, demand: Demand) -> str:
    """Return how the columns of a demand get their types: `plain`, `cast` (USING column::type), or `other`.

    `other` is any other USING, also in an earlier migration: then the values that are demanded something of are not
    those of today with another type.
    """
    names = _names(demand)
    how = "plain"
    for transaction in measured.transactions:
        for operation in transaction.operations:
            for statement in operation.statements:
                is_about = any(one.table == demand.table for one in statement.tables)
                for found in RETYPES.finditer(statement.sql) if is_about else ():
                    how = _of_using(found[1], found[2]) if found[1] in names else how
                    if how == "other":
                        return how
        if demand.migration in transaction.migrations:
            break
    return how


def _of_using(column: str, rest: str) -> str:
    using = USING.search(rest)
    if using is None:
        return "plain"
    is_cast = re.match(rf'\(?"?{re.escape(column)}"?\)?(::[\w" .]+(\(\d+(, ?\d+)?\))?(\[\])?)+;?$', using[1])
    return "cast" if is_cast else "other"
