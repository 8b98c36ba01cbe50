"""Leaves CHECKs out of a copy that no made-up row fulfils."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.recovery.rehearsal.keys_only.combinations import Combinations
from migrations_safety.recovery.rehearsal.keys_only.reduced_tables import ReducedTable
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose

CHECK_VIOLATION = "23514"


def drop_refusing(there: psycopg.Connection[Any], error: psycopg.Error) -> list[str]:
    """Drop the CHECK that refused a row; return what it was, nothing where the error is another one."""
    name = error.diag.constraint_name
    if error.sqlstate != CHECK_VIOLATION or not name:
        return []
    schema = error.diag.schema_name or ""
    if domain := error.diag.datatype_name:
        return [_drop_of_domain(there, sql.Identifier(schema, domain).as_string(there), name)]
    return list(_drop_of_table(there, schema, error.diag.table_name or "", name))


def drop_of_group(there: psycopg.Connection[Any], table: ReducedTable, group: Combinations) -> list[str]:
    """Drop all CHECKs of some columns, of tables and domains; return what they were."""
    dropped: list[str] = []
    for one in group.required:
        dropped += _drop_of_table(there, table.schema, table.relation, one.check or "")
    for column in group.columns:
        if column.is_checked:
            asked = {"type": column.type}
            found = there.execute(statement("checks_of_copy.domain_checks").encode(), asked).fetchall()
            dropped += [_drop_of_domain(there, domain, name) for domain, name in found]
    return dropped


def _drop_of_domain(there: psycopg.Connection[Any], domain: str, name: str) -> str:
    how = {"domain": sql.SQL(domain), "name": sql.Identifier(name)}
    there.execute(compose("checks_of_copy.drop_domain_check", **how))
    return f"CHECK {name} of the domain {domain}"


def _drop_of_table(there: psycopg.Connection[Any], schema: str, relation: str, name: str) -> Iterator[str]:
    """Drop a CHECK where it comes from: a table that others inherit it from, or the table itself."""
    asked = {"name": name, "table": sql.Identifier(schema, relation).as_string(there)}
    for owner_schema, owner in there.execute(statement("checks_of_copy.owner").encode(), asked).fetchall():
        table = sql.Identifier(owner_schema, owner)
        there.execute(compose("checks_of_copy.drop_check", table=table, name=sql.Identifier(name)))
        yield f"CHECK {name} of {owner_schema}.{owner}"
