"""The check of the types of both columns of a foreign key, as these are when the foreign key is added."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrations_safety.fields import id_type, id_type_name, is_id_type
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import types as wording
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Column
from migrations_safety.schema.comparable_types import End, Equality, equalities
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.id_types import existing_ids, kind_of_type
from migrations_safety.sql.identifiers import qualify_if_needed, quote_identifier

COLLATIONS_COMPARED_SINCE = 180000
"""From this server version on PostgreSQL refuses a foreign key between two different collations of which one is not
deterministic (SQLSTATE 42P21)."""


def check_types(connection: Connection, inspected: InspectedSchema) -> list[Finding]:
    """Find foreign keys that PostgreSQL refuses, and those whose two columns differ in type or collation."""
    altered = {(column.table, column.column) for column in inspected.altered}
    to_come = {key: _ends(inspected, key) for key in inspected.keys if altered.intersection(key.ends.columns)}
    of_altered = dict(zip(to_come, equalities(connection, list(to_come.values())), strict=True))
    found: list[Finding] = []
    for key in inspected.keys:
        ends = to_come.get(key) or _ends(inspected, key)
        found += _types(connection, inspected, key, ends, of_altered.get(key) or inspected.equalities[key])
    return found


def _ends(inspected: InspectedSchema, key: DeclaredKey) -> tuple[End, End]:
    """Both ends of a foreign key: the existing columns, or the types that the plan gives to the columns."""
    altered = {(column.table, column.column): column.type for column in inspected.altered}

    def end(existing: Column | None, table: str, name: str) -> End:
        column = None if (table, name) in altered else existing
        return End(column=column, declared=None if column else altered.get((table, name), key.column_type))

    return (
        end(inspected.referencing(key), key.table, key.column),
        end(inspected.referenced(key), key.target_table, key.target_column),
    )


def _types(
    connection: Connection, inspected: InspectedSchema, key: DeclaredKey, ends: tuple[End, End], equality: Equality
) -> Iterator[Finding]:
    type_name, target_type = map(_name, ends)
    words = {"type": type_name, "target": key.ends.target_subject, "target_type": target_type}
    child, parent = (end.column for end in ends)
    if not (type_name and target_type):
        return  # the plan creates this column, and drops the foreign key again
    if not equality.known:
        if type_name != target_type:
            yield wording.type_not_there(key.subject, **words)
    elif not equality.is_possible:
        yield wording.no_common_type(key.subject, hint=_hint(connection, inspected, key, ends), **words)
    elif type_name != target_type:
        yield wording.other_type(key.subject, **words)
    elif child and parent and child.collation != parent.collation:
        yield _other_collation(connection, key.subject, child, parent, target=words["target"])


def _other_collation(connection: Connection, subject: str, child: Column, parent: Column, *, target: str) -> Finding:
    is_deterministic = child.deterministic and parent.deterministic
    is_refused = not is_deterministic and connection.pg_version >= COLLATIONS_COMPARED_SINCE
    word = wording.no_common_collation if is_refused else wording.other_collation
    return word(subject, target=target, collation=child.collation, target_collation=parent.collation)


def _name(end: End) -> str:
    """The type of the column as PostgreSQL spells the type; for a domain it is the base type."""
    spelled = end.column.base_type if end.column else (end.declared or "").lower()
    return re.sub(r"\s*([(,)])\s*", r"\1", spelled.replace("varchar", "character varying"))


def _hint(connection: Connection, inspected: InspectedSchema, key: DeclaredKey, ends: tuple[End, End]) -> str:
    """How to give both columns one type: a value for the setting of the id type, or an ALTER TABLE for one column."""
    if not is_id_type(key.column_type):
        return _converted(inspected, key, ends, _name(End(declared=key.column_type)))
    name, existing = id_type_name(), existing_ids(connection)
    fitting = existing.fitting
    if existing.fits_all:
        return f"Set {name}={fitting}: {wording.FITS_ALL}"
    if fitting != id_type() and {kind_of_type(end.column.base_type) for end in ends if end.column} == {fitting}:
        return f"Set {name}={fitting}: that is what most of the existing columns are."
    return f"The existing columns are of several types, no {name} fits all. " + _converted(
        inspected, key, ends, fitting
    )


def _converted(inspected: InspectedSchema, key: DeclaredKey, ends: tuple[End, End], type: str) -> str:
    """The ALTER TABLE statement for the first of both columns whose type is not `type`."""
    for (table, name), end in zip(key.ends.columns, ends, strict=True):
        if end.column and kind_of_type(_name(end)) != kind_of_type(type):
            altered = qualify_if_needed(table, schema=inspected.target.schema)
            column = quote_identifier(name)
            statement = f"ALTER TABLE {altered} ALTER COLUMN {column} TYPE {type} USING {column}::{type};"
            return f"{statement} It rewrites the table under a lock, and fails where a value does not fit."
    return "Give both fields the same type in the models."
