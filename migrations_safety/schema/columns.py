"""Compares columns with their models: type, NULL, default, collation, identity, generated expression, comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from migrations_safety.fields import ID_TYPES, id_type_name, is_id_type
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.messages.wording.types import FITS_ALL
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Column, Table
from migrations_safety.postgresql.table_details import ColumnDetails, TableDetails
from migrations_safety.schema.declared_columns import DeclaredColumn, declared_columns
from migrations_safety.schema.expressions import Expressions
from migrations_safety.schema.id_types import existing_ids, kind_of_type
from migrations_safety.schema.matching import Compared
from migrations_safety.sql import statement
from migrations_safety.sql.composition import fill
from migrations_safety.sql.identifiers import quote_if_needed

PLAIN = "a plain column"
GENERATED_WORDS = {"": PLAIN, "STORED": "a generated column", "VIRTUAL": "a virtual generated column"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Both:
    """A column as its model declares it (`declared`) and as the database has it (`found`).

    `type` is the declared type as PostgreSQL resolves it, None where it knows no such type.
    """

    table: Table
    declared: DeclaredColumn
    found: Column
    details: ColumnDetails
    type: ResolvedType | None
    is_many_to_many: bool

    @property
    def subject(self) -> str:
        """The table and the column, as findings name them: `bills."patientId"`."""
        return f'{self.table.name}."{self.declared.name}"'

    @property
    def alter(self) -> str:
        """The beginning of a statement that changes the column: `ALTER TABLE … ALTER COLUMN …`."""
        return f"ALTER TABLE {self.table.to_paste} ALTER COLUMN {quote_if_needed(self.declared.name)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpressionPair:
    """The declared and the existing SQL expression, both cast to the type of the column; None where there is none."""

    declared: str | None
    found: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedType:
    """A type by its oid, and its modifier (length, precision, …), encoded as in `pg_attribute`."""

    oid: int
    modifier: int


def compare_columns(
    connection: Connection, model: Any, editor: Any, there: TableDetails, expressions: Expressions
) -> Compared:
    """Compare the columns of one table with its model.

    `editor` is the schema editor of the connection; `expressions` are those of the same table.
    """
    declared = declared_columns(model, editor)
    types = _resolve(connection, {column.type for column in declared.values()})
    findings, matching = [], 0
    for name, column in declared.items():
        if name not in there.columns:
            findings.append(_missing(there.table, column))
    columns = [_both(there, model, column, types) for name, column in declared.items() if name in there.columns]
    expressions.read(one for both in columns for one in _to_read(both))
    setting = _fitting_setting(connection) if any(_has_other_id_type(both) for both in columns) else None
    for both in columns:
        differences = list(_differences(both, expressions, setting))
        findings += differences + list(_remarks(both))
        matching += not differences
    findings += [_extra(there.table, column) for name, column in there.columns.items() if name not in declared]
    return Compared(findings=findings, declared=len(declared), matching=matching)


def _both(there: TableDetails, model: Any, declared: DeclaredColumn, types: dict[str, ResolvedType]) -> Both:
    return Both(
        table=there.table,
        declared=declared,
        found=there.columns[declared.name],
        details=there.column_details[declared.name],
        type=types.get(declared.type),
        is_many_to_many=bool(model._meta.auto_created),
    )


def _resolve(connection: Connection, names: set[str]) -> dict[str, ResolvedType]:
    """Return each declared type as PostgreSQL resolves it; a type that it does not know has no entry.

    The modifier is read from the description of a query that returns a NULL of this type. For a domain the server
    describes the base type instead; the modifier is then -1, which is what a column of a domain has.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("columns.known_types"), {"names": sorted(names)})
        known = dict(cursor.fetchall())
        if not known:
            return {}
        nulls = ", ".join(fill("columns.null_of_type", type=name) for name in known)
        cursor.execute(fill("columns.types_of_nulls", nulls=nulls))
        result = cursor.cursor.pgresult
        assert result is not None  # a statement was run
        modifiers = [
            result.fmod(place) if result.ftype(place) == oid else -1 for place, oid in enumerate(known.values())
        ]
    return {
        name: ResolvedType(oid=oid, modifier=modifier)
        for (name, oid), modifier in zip(known.items(), modifiers, strict=True)
    }


def _to_read(both: Both) -> Iterator[str]:
    for pair in (_defaults(both), _generations(both)):
        yield from filter(None, (pair.declared, pair.found))


def _defaults(both: Both) -> ExpressionPair:
    """Return the defaults; the catalog keeps the expression of a generated column in the same place, but it is none."""
    found = None if both.found.generated else both.found.default
    return ExpressionPair(declared=_typed(both, both.declared.default), found=_typed(both, found))


def _generations(both: Both) -> ExpressionPair:
    found = both.found.default if both.found.generated else None
    return ExpressionPair(declared=_typed(both, both.declared.expression), found=_typed(both, found))


def _are_equivalent(pair: ExpressionPair, expressions: Expressions) -> bool:
    return expressions.are_equivalent(pair.declared, pair.found)


def _typed(both: Both, expression: str | None) -> str | None:
    return f"({expression})::{both.found.type}" if expression is not None else None


def _differences(both: Both, expressions: Expressions, setting: str | None) -> Iterator[Finding]:
    declared, found = both.declared, both.found
    if not _is_same_type(both) and not _has_other_auto_type(both):
        change = setting if setting and _has_other_id_type(both) else _statement_to_convert(both)
        yield wording.column_type(both.subject, declared=declared.type, found=found.type, change=change)
    if declared.nullable is not found.nullable:
        words = {True: "NULL", False: "NOT NULL"}
        change = f"{both.alter} {'DROP' if declared.nullable else 'SET'} NOT NULL;"
        yield wording.column_nullability(
            both.subject, declared=words[declared.nullable], found=words[found.nullable], change=change
        )
    if not _is_serial(both) and not _are_equivalent(_defaults(both), expressions):
        there = None if found.generated else found.default
        change = f"{both.alter} " + (f"SET DEFAULT {declared.default};" if declared.default else "DROP DEFAULT;")
        yield wording.column_default(
            both.subject, declared=declared.default or "none", found=there or "none", change=change
        )
    yield from _kind(both, expressions)


def _statement_to_convert(both: Both) -> str:
    name, type_name = quote_if_needed(both.declared.name), both.declared.type
    return f"{both.alter} TYPE {type_name} USING {name}::{type_name}; {wording.REWRITES}"


def _missing(table: Table, column: DeclaredColumn) -> Finding:
    parts = [column.type]
    if column.default:
        parts.append(f"DEFAULT {column.default}")
    if column.identity:
        parts.append(f"GENERATED {column.identity} AS IDENTITY")
    if column.generated:
        parts.append(f"GENERATED ALWAYS AS ({column.expression}) {column.generated}")
    alter, name = f"ALTER TABLE {table.to_paste}", quote_if_needed(column.name)
    return wording.column_missing(
        f'{table.name}."{column.name}"',
        declared=column.type,
        add=f"{alter} ADD COLUMN {name} {' '.join(parts)};",
        require=None if column.nullable else f"{alter} ALTER COLUMN {name} SET NOT NULL;",
    )


def _has_other_id_type(both: Both) -> bool:
    """Whether the id setting decides the type of the column, and the column has the other one of the id types."""
    declared, found = both.declared.type, kind_of_type(both.found.base_type)
    return is_id_type(declared) and found in ID_TYPES and found != declared.lower()


def _fitting_setting(connection: Connection) -> str | None:
    """Return the hint to change the id setting; None where the existing ids are of several types."""
    existing = existing_ids(connection)
    return f"Set {id_type_name()}={existing.fitting}: {FITS_ALL}" if existing.fits_all else None


def _kind(both: Both, expressions: Expressions) -> Iterator[Finding]:
    declared, found = both.declared, both.details
    if declared.identity != found.identity and not _is_serial(both):
        yield wording.column_kind(both.subject, **_identity_words(both), change=_change_of_identity(both))
    if declared.generated != found.generated or not _are_equivalent(_generations(both), expressions):
        yield wording.column_kind(both.subject, **_generated_words(both))
    if declared.collation != both.found.collation:
        words = {"declared": _collation_words(declared.collation), "found": _collation_words(both.found.collation)}
        yield wording.column_kind(both.subject, **words)


def _identity_words(both: Both) -> dict[str, str]:
    declared = "an identity column" if both.declared.identity else PLAIN
    found = "an identity column" if both.found.identity else PLAIN
    if both.declared.identity and both.found.identity:
        found = "one that is GENERATED ALWAYS"
    return {"declared": declared, "found": found}


def _change_of_identity(both: Both) -> str:
    if not both.declared.identity:
        return f"{both.alter} DROP IDENTITY;"
    if both.found.identity:
        return f"{both.alter} SET GENERATED BY DEFAULT;"
    drop = f"{both.alter} DROP DEFAULT; " if both.found.default else ""
    return f"{drop}{both.alter} ADD GENERATED BY DEFAULT AS IDENTITY; -- then python manage.py sqlsequencereset"


def _generated_words(both: Both) -> dict[str, str]:
    declared, found = GENERATED_WORDS[both.declared.generated], GENERATED_WORDS[both.details.generated]
    if both.declared.generated and both.found.generated:
        declared, found = f"{declared} of {both.declared.expression}", f"{found} of {both.found.default}"
    return {"declared": declared, "found": found}


def _collation_words(collation: str) -> str:
    return f'one with the collation "{collation}"' if collation else PLAIN


def _is_serial(both: Both) -> bool:
    """Whether the column is a serial one, as Django before 4.1 made it; it works like an identity column."""
    return bool(both.declared.identity) and not both.found.identity and both.details.is_serial


def _is_same_type(both: Both) -> bool:
    return both.type == ResolvedType(oid=both.found.type_oid, modifier=both.found.type_modifier)


def _has_other_auto_type(both: Both) -> bool:
    """Whether this is the id of a many-to-many table, with another integer type than the declared one.

    Its type is what DEFAULT_AUTO_FIELD was when the table was made, because Django never changes it.
    """
    types = {both.declared.type, both.found.type}
    return both.is_many_to_many and bool(both.declared.identity) and types == {"integer", "bigint"}


def _remarks(both: Both) -> Iterator[Finding]:
    if _has_other_auto_type(both) and both.found.type == "integer":
        yield wording.many_to_many_id(both.subject, declared=both.declared.type, found=both.found.type)
    if _is_serial(both):
        yield wording.column_serial(both.subject)
    if both.declared.comment and both.declared.comment != both.details.comment:
        yield wording.comment_differs(both.subject)


def _extra(table: Table, column: Column) -> Finding:
    drop = f"ALTER TABLE {table.to_paste} DROP COLUMN {quote_if_needed(column.name)};"
    has_value = column.nullable or column.default is not None or column.identity or column.generated
    return wording.column_extra(
        f'{table.name}."{column.name}"', found=column.type, drop=drop, refuses_rows=not has_value
    )
