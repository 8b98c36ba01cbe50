"""Columns: type with length and precision, nullability, default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Column
from migrations_safety.schema import expressions
from migrations_safety.sql import statement
from migrations_safety.sql.composition import fill


def compare_columns(connection: Connection, model: Any, found: dict[str, Column]) -> list[Finding]:
    """The columns of one table against its model."""
    table = model._meta.db_table
    declared = {field.column: field for field in model._meta.local_concrete_fields}
    missing = [
        wording.column_missing(f'{table}."{name}"', declared=field.db_type(connection))
        for name, field in declared.items()
        if name not in found
    ]
    extra = [
        wording.column_extra(f'{table}."{name}"', found=column.type)
        for name, column in found.items()
        if name not in declared
    ]
    both = {name: (field, found[name]) for name, field in declared.items() if name in found}
    types = _declared_types(connection, {field.db_type(connection) for field, _ in both.values()})
    plain = [one for name, (field, column) in both.items() for one in _column(connection, table, field, column, types)]
    return missing + extra + plain + _defaults(connection, table, both)


def _column(
    connection: Connection, table: str, field: Any, column: Column, types: dict[str, tuple[int, int]]
) -> Iterator[Finding]:
    subject = f'{table}."{column.name}"'
    declared_type = field.db_type(connection)
    if types.get(declared_type) != (column.type_oid, column.type_modifier):
        yield wording.column_type(subject, declared=declared_type, found=column.type)
    if field.null is not column.nullable:
        words = {True: "NULL", False: "NOT NULL"}
        yield wording.column_nullability(subject, declared=words[field.null], found=words[column.nullable])
    kinds = [
        (column.identity, "an identity column"),
        (column.generated, "a generated column"),
        (column.collation, f'one with the collation "{column.collation}"'),
    ]
    for kind, words_of_kind in kinds:
        if kind and not getattr(field, "generated", False) and not field.db_type_suffix(connection):
            yield wording.column_kind(subject, found=words_of_kind)


def _declared_types(connection: Connection, names: set[str]) -> dict[str, tuple[int, int]]:
    """Oid and modifier of each declared type, as PostgreSQL resolves them; unknown types have no entry."""
    ordered = sorted(names)
    with connection.cursor() as cursor:
        cursor.execute(statement("columns.known_types"), {"names": ordered})
        known = [name for (name,) in cursor.fetchall()]
        if not known:
            return {}
        nulls = ", ".join(fill("columns.null_of_type", type=name) for name in known)
        cursor.execute(fill("columns.types_of_nulls", nulls=nulls))
        result = cursor.cursor.pgresult
        assert result is not None  # a statement was run
        return {name: (result.ftype(place), result.fmod(place)) for place, name in enumerate(known)}


def _defaults(connection: Connection, table: str, both: dict[str, tuple[Any, Column]]) -> list[Finding]:
    declared = {name: declared_default(connection, field) for name, (field, _) in both.items()}
    found = {name: None if column.generated else column.default for name, (_, column) in both.items()}
    comparable = [name for name in both if declared[name] is not None and found[name] is not None]
    typed = [
        (f"({declared[name]})::{both[name][1].type}", f"({found[name]})::{both[name][1].type}") for name in comparable
    ]
    equal = dict(zip(comparable, expressions.are_equivalent(connection, typed), strict=True))
    return [
        wording.column_default(f'{table}."{name}"', declared=declared[name] or "none", found=found[name] or "none")
        for name in both
        if not equal.get(name, declared[name] is None and found[name] is None)
    ]


def declared_default(connection: Connection, field: Any) -> str | None:
    """The SQL of a field's `db_default`, None without one."""
    if not field.has_db_default():
        return None
    editor = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
    sql, parameters = editor.db_default_sql(field)
    return str(connection.ops.compose_sql(sql, parameters))
