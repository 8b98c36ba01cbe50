"""Compares SQL expressions by letting PostgreSQL itself read, fold and print both.

The catalog prints an expression in other words than it was declared in (`'A'` becomes `'A'::text`). EXPLAIN
VERBOSE plans both in the same way and runs neither, so what it prints is equal where the two mean the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DatabaseError, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql.composition import compose, send


class Expressions:
    """Expressions over the columns of one table, each read once."""

    def __init__(self, connection: Connection, table: sql.Composable) -> None:
        self._connection = connection
        self._table = table
        self._printed: dict[str, str | None] = {}

    def read(self, expressions: Iterable[str]) -> None:
        """Have PostgreSQL print them, all in one statement; one that it cannot read is the same as none."""
        wanted = [one for one in dict.fromkeys(expressions) if one not in self._printed]
        if not wanted:
            return
        try:
            self._printed |= dict(zip(wanted, self._print(wanted), strict=True))
        except DatabaseError as error:
            if isinstance(error.__cause__, InsufficientPrivilege):
                raise
            if len(wanted) == 1:
                self._printed[wanted[0]] = None
            for one in wanted if len(wanted) > 1 else ():
                self.read([one])

    def are_equivalent(self, one: str | None, other: str | None) -> bool:
        """Whether both mean the same, or neither is there."""
        if one is None or other is None or one == other:
            return one == other
        self.read([one, other])
        return self._printed[one] is not None and self._printed[one] == self._printed[other]

    def _print(self, expressions: list[str]) -> list[str]:
        columns = sql.SQL(", ").join(sql.SQL(f"({expression})") for expression in expressions)
        from_table = compose("expressions.from_table", table=self._table)
        query = compose("expressions.printed", expressions=columns, from_table=from_table)
        with transaction.atomic(using=self._connection.alias), self._connection.cursor() as cursor:
            send(cursor, query)
            printed: list[str] = cursor.fetchone()[0][0]["Plan"]["Output"]
        return printed
