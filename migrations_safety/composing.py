"""Named statements filled in: their parts, and tables by the names that Django gives them."""

from __future__ import annotations

from psycopg import sql

from migrations_safety.sql import statement


def composed(name: str, /, **parts: sql.Composable) -> sql.Composed:
    """The named statement, or part of one, with what its braces stand for."""
    return sql.SQL(statement(name)).format(**parts)


def table_name(name: str) -> sql.Composable:
    """A table's name as Django gives it, which may be quoted already (`"schema"."table"`, `schema"."table`)."""
    return sql.SQL(name if name.startswith('"') and name.endswith('"') else f'"{name}"')


def parent_name(name: str, *, kind: str) -> sql.Composable:
    """A referenced table as a key sees it: without the tables that inherit from it, but with its partitions."""
    return sql.SQL("ONLY ") + table_name(name) if kind == "r" else table_name(name)
