"""Fills in the named statements of this folder, and turns table names of Django into SQL identifiers."""

from __future__ import annotations

import re
from typing import Any

from psycopg import sql

from migrations_safety.sql import statement

QUOTED = re.compile(r'"((?:[^"]|"")+)"')
MARK = "/* migrations_safety */"
"""A comment at the end of each statement on tables of the project. pg_stat_statements keeps it, so that the
statements of this app are not taken for those of the application."""
QUALIFIED = re.compile(r'"(?:[^"]|"")+"(?:\."(?:[^"]|"")+")+')


def compose(name: str, /, **parts: sql.Composable) -> sql.Composed:
    """Return the named statement (or named part of one) with `parts` in the place of its braces."""
    return sql.SQL(statement(name)).format(**parts)


def fill(name: str, /, **parts: str) -> str:
    """Return the named statement as text, with `parts` in the place of its braces.

    The parts must be valid SQL already, as quoted by Django's schema editor or printed by the catalog.
    """
    return statement(name).format(**parts)


def send(cursor: Any, query: sql.Composable, parameters: Any = None) -> None:
    """Execute `query` on a cursor of Django, as a str.

    The execute_wrappers of other apps expect a str, because they add comments to it, for example. It ends with MARK.
    """
    cursor.execute(f"{query.as_string(cursor.connection)} {MARK}", parameters)


def address(name: str) -> tuple[str | None, str]:
    """Split the name of a table or type into its schema (None where the name says none) and its bare name.

    The name is written as Django has it: plain, or quoted with a schema (`"schema"."table"`, `schema"."table`).
    """
    written = name if name.startswith('"') and name.endswith('"') else f'"{name}"'
    if QUALIFIED.fullmatch(written):
        *_, schema, relation = (part.replace('""', '"') for part in QUOTED.findall(written))
        return schema, relation
    return None, written[1:-1].replace('""', '"')


def table_name(name: str, *, schema: str) -> sql.Identifier:
    """Return the qualified identifier of a table, in the schema that its name says, else in `schema`.

    A bare name would not do, because it can find another table further along the search path.
    """
    own, relation = address(name)
    return sql.Identifier(own or schema, relation)


def parent_name(name: str, *, schema: str, is_partitioned: bool) -> sql.Composable:
    """Return the parent table as a foreign key reads it.

    Its partitions are included, but not the tables that inherit from it.
    """
    named = table_name(name, schema=schema)
    return named if is_partitioned else sql.SQL("ONLY ") + named
