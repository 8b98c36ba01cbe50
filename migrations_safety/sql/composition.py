"""Named statements filled in: their parts, and tables by the names that Django gives them."""

from __future__ import annotations

import re
from typing import Any

from psycopg import sql

from migrations_safety.sql import statement

QUOTED = re.compile(r'"((?:[^"]|"")+)"')
QUALIFIED = re.compile(r'"(?:[^"]|"")+"(?:\."(?:[^"]|"")+")+')


def compose(name: str, /, **parts: sql.Composable) -> sql.Composed:
    """The named statement, or part of one, with what its braces stand for."""
    return sql.SQL(statement(name)).format(**parts)


def fill(name: str, /, **parts: str) -> str:
    """The same as text, with parts that are SQL already: as Django's schema editor quotes, as the catalog prints."""
    return statement(name).format(**parts)


def send(cursor: Any, query: sql.Composable, parameters: Any = None) -> None:
    """Execute it on Django's cursor as text, as Django's own statements are.

    Other people's execute_wrappers expect that: query taggers put a comment beside it.
    """
    cursor.execute(query.as_string(cursor.connection), parameters)


def address(name: str) -> tuple[str | None, str]:
    """The schema that a table's or type's name says, if any, and its name in there.

    Names are as Django gives them, quoted already where they say their schema (`"schema"."table"`, `schema"."table`).
    """
    written = name if name.startswith('"') and name.endswith('"') else f'"{name}"'
    if QUALIFIED.fullmatch(written):
        *_, schema, relation = (part.replace('""', '"') for part in QUOTED.findall(written))
        return schema, relation
    return None, written[1:-1].replace('""', '"')


def table_name(name: str, *, schema: str) -> sql.Identifier:
    """A table as a statement names it, in the schema that its name says, else in the given one.

    Never by its bare name: what that finds further along the search path is another table.
    """
    own, relation = address(name)
    return sql.Identifier(own or schema, relation)


def parent_name(name: str, *, schema: str, is_partitioned: bool) -> sql.Composable:
    """A referenced table as a key sees it: without the tables that inherit from it, but with its partitions."""
    named = table_name(name, schema=schema)
    return named if is_partitioned else sql.SQL("ONLY ") + named
