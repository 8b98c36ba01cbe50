"""Puts a kept column back: its name, its values, then its default, NOT NULL, constraints and indexes.

Where the migrations have made a column of its name again, that one is kept in its turn. What the application has
written into it since is carried over before: a trigger carries over each new write, and the rows are read in ranges.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from psycopg import errors, sql

from migrations_safety.kept.carrying import end_carrying
from migrations_safety.kept.kept_columns import keep_column
from migrations_safety.kept.kept_record import KEPT_SCHEMA, PUT_BACK_BY, Kept, Reason, definition_of, redefine
from migrations_safety.kept.physical import Relation, change
from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.recovery.kept.carried_values import carry_over
from migrations_safety.recovery.kept.put_back import UNMET, PutBack, in_one_transaction, put_back
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

IDENTITY = {"a": "ALWAYS", "d": "BY DEFAULT"}


def restore_column(connection: Connection, kept: Kept) -> PutBack:
    """Give a column its name back, and all that was taken off it, in transactions of its own."""
    found = rows(connection, "restored_columns.find", {"schema": kept.schema, "column": kept.kept_name}, Relation)
    if not found:
        return _go_on(connection, kept)
    table = found[0]
    there = _type(connection, table, kept.column)
    if there and there != _type(connection, table, kept.kept_name):
        how = f"a column of its name was made again with the type {there}"
        return PutBack(findings=[wording.made_again(kept.subject, how=how)])
    is_known = carry_over(connection, table, kept) if there else True
    definition = in_one_transaction(
        connection, lambda: _rename(connection, table, kept), what=f"Putting back {kept.subject}"
    )
    outcome = _take_on(connection, kept, table, definition)
    if not is_known:
        outcome.findings.append(wording.values_not_told_apart(kept.subject))
    return outcome


def _go_on(connection: Connection, kept: Kept) -> PutBack:
    """Go on after a run that was killed when the column had its name back already."""
    asked = {"schema": kept.schema, "name": kept.table}
    tables = rows(connection, "restored_tables.find", asked, Relation)
    inside = {"schema": KEPT_SCHEMA, "column": kept.kept_name}
    if not tables and rows(connection, "restored_columns.find", inside, Relation):
        how = "its table is kept, too, and has to be put back before"
        return PutBack(findings=[wording.made_again(kept.subject, how=how)])
    if not tables or not _type(connection, tables[0], kept.column):
        return PutBack(findings=[wording.is_gone(kept.subject, place=kept.place)])
    return _take_on(connection, kept, tables[0], kept.definition)


def _rename(connection: Connection, table: Relation, kept: Kept) -> dict[str, Any]:
    """Give the column its name back; one that was made again is kept, and its definition holds from now on."""
    assert kept.column
    definition: dict[str, Any] = kept.definition
    change(connection, "restored_tables.lock", table=table.in_sql)
    if _type(connection, table, kept.column):
        reason = Reason(migration=f"{PUT_BACK_BY} {kept.number}", run_id=None)
        number = keep_column(connection, table, kept.column, reason=reason)
        definition = definition_of(connection, number) if number else definition
        end_carrying(connection, table, kept)
    names = {"column": sql.Identifier(kept.kept_name), "name": sql.Identifier(kept.column)}
    change(connection, "restored_columns.rename", table=table.in_sql, **names)
    redefine(connection, kept.number, table=table.name, definition=definition)
    return definition


def _take_on(connection: Connection, kept: Kept, table: Relation, definition: dict[str, Any]) -> PutBack:
    assert kept.column
    outcome = PutBack(is_back=True)
    parts: dict[str, Any] = {"table": table.in_sql, "column": sql.Identifier(kept.column)}
    for one in definition["sequences"]:
        outcome.findings += _rename_sequence(connection, kept, one, parts)
    if definition["default"]:
        outcome.findings += _default(connection, kept, parts | {"expression": sql.SQL(definition["default"])})
    if definition["required"] and not _require(connection, table, kept, parts, definition):
        outcome.findings.append(wording.stays_nullable(kept.subject))
    elif definition["identity"]:
        _identity(connection, table, kept.column, definition, parts)
    outcome.findings += put_back(connection, kept.subject, [*definition["indexes"], *definition["constraints"]])
    return outcome


def _default(connection: Connection, kept: Kept, parts: dict[str, Any]) -> list[Finding]:
    """Give the column its default; where what the default names is another thing today, say so."""
    try:
        change(connection, "restored_columns.set_default", **parts)
    except DatabaseError as error:
        if not isinstance(error.__cause__, UNMET):
            raise
        return [wording.not_put_back(kept.subject, what="its default", sqlstate=sqlstate(error) or "")]
    return []


def _rename_sequence(connection: Connection, kept: Kept, one: dict[str, str], parts: dict[str, Any]) -> list[Finding]:
    """Give the sequence of a `serial` column its name back, and let it belong to this column."""
    asked = {"schema": one["schema"], "name": one["kept_name"]}
    sequence = sql.Identifier(one["schema"], one["kept_name"])
    with connection.cursor() as cursor:
        cursor.execute(statement("restored_columns.relation_exists"), asked)
        is_there = cursor.fetchone()[0]
    if not is_there:
        return []
    change(connection, "restored_columns.own_sequence", sequence=sequence, **parts)
    try:
        change(connection, "restored_tables.rename_sequence", table=sequence, name=sql.Identifier(one["name"]))
    except DatabaseError as error:
        if not isinstance(error.__cause__, UNMET):
            raise
        what = f"the name {one['name']} of its sequence"
        return [wording.not_put_back(kept.subject, what=what, sqlstate=sqlstate(error) or "")]
    return []


def _require(
    connection: Connection, table: Relation, kept: Kept, parts: dict[str, Any], definition: dict[str, Any]
) -> bool:
    """Make the column NOT NULL without a scan under a lock; False where rows have no value."""
    with connection.cursor() as cursor:
        send(cursor, compose("restored_columns.has_nulls", **parts))
        if cursor.fetchone()[0]:
            return False
    check = sql.Identifier(f"migrations_safety_kept_{kept.number}_not_null")
    change(connection, "restored_columns.drop_check", name=check, table=parts["table"])  # of a run that was killed
    try:
        change(connection, "restored_columns.add_check", name=check, **parts)
        change(connection, "put_back.validate", table=parts["table"], name=check)
        change(connection, "restored_columns.set_not_null", **parts)
        _name_not_null(connection, table, kept, definition.get("required_by"))
    except DatabaseError as error:
        if not isinstance(error.__cause__, errors.CheckViolation):
            raise
        return False
    finally:
        change(connection, "restored_columns.drop_check", name=check, table=parts["table"])
    return True


def _name_not_null(connection: Connection, table: Relation, kept: Kept, name: str | None) -> None:
    """Give the NOT NULL the name that it had, which PostgreSQL 18 and later know."""
    with connection.cursor() as cursor:
        cursor.execute(statement("restored_columns.not_null"), {"oid": table.oid, "column": kept.column})
        found = cursor.fetchone()
    if name and found and found[0] != name:
        names = {"old": sql.Identifier(found[0]), "name": sql.Identifier(name)}
        change(connection, "restored_columns.rename_constraint", table=table.in_sql, **names)


def _identity(
    connection: Connection, table: Relation, column: str, definition: dict[str, Any], parts: dict[str, Any]
) -> None:
    """Make the column count on where it stopped."""
    with connection.cursor() as cursor:
        cursor.execute(statement("restored_columns.is_identity"), {"oid": table.oid, "column": column})
        if cursor.fetchone()[0]:
            return
    in_one_transaction(
        connection, lambda: _count_on(connection, table, definition, parts), what=f"The identity of {table.name}"
    )


def _count_on(connection: Connection, table: Relation, definition: dict[str, Any], parts: dict[str, Any]) -> None:
    counter = definition["counter"]
    with connection.cursor() as cursor:
        cursor.execute(statement("restored_columns.relation_exists"), counter)
        is_free = not cursor.fetchone()[0]
    place = sql.Identifier(counter["schema"], counter["name"])
    change(
        connection,
        "restored_columns.add_identity",
        **parts,
        kind=sql.SQL(IDENTITY[definition["identity"]]),
        name=compose("restored_columns.sequence_name", sequence=place) if is_free else sql.SQL(""),
        cycles=compose("restored_columns.cycles" if counter["cycles"] else "restored_columns.ends"),
        **{name: sql.Literal(counter[name]) for name in ("start", "increment", "least", "most", "cache")},
    )
    with connection.cursor() as cursor:
        asked = {"table": table.in_sql.as_string(), "column": parts["column"].as_string()[1:-1].replace('""', '"')}
        cursor.execute(statement("restored_columns.sequence_of"), asked)
        (sequence,) = cursor.fetchone()
        state = {name: counter[name] for name in ("last_value", "is_called")}
        cursor.execute(statement("restored_columns.count_on"), {"sequence": sequence} | state)


def _type(connection: Connection, table: Relation, column: str | None) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(statement("restored_columns.type"), {"oid": table.oid, "column": column})
        found = cursor.fetchone()
        return found[0] if found else None
