"""Compares SQL expressions by letting PostgreSQL parse, simplify and print them.

The catalog does not print an expression as it was declared (`'A'` becomes `'A'::text`). EXPLAIN VERBOSE plans the
declared and the existing expression in the same way and runs neither, so the printed texts are equal where both
expressions mean the same. They are planned over rows of the table's type: the plan for the table itself depends on how
the table is read (a foreign table, a table of a distributed schema), and for a required column it leaves out `IS NOT
NULL`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DatabaseError, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql.composition import compose, send


class Expressions:
    """SQL expressions over the columns of one table; PostgreSQL prints each of them once."""

    def __init__(self, connection: Connection, *, schema: str, relation: str) -> None:
        self._connection = connection
        self._table, self._name = sql.Identifier(schema, relation), sql.Identifier(relation)
        self._printed: dict[str, str | None] = {}

    def read(self, expressions: Iterable[str]) -> None:
        """Let PostgreSQL print the expressions, all in one statement.

        An expression that PostgreSQL cannot parse is equivalent to no other one.
        """
        wanted = [one for one in dict.fromkeys(expressions) if one not in self._printed]
        if not wanted:
            return
        try:
            self._printed |= dict(zip(wanted, self._print(wanted), strict=True))
        except DatabaseError as error:
            if isinstance(error.__cause__, InsufficientPrivilege | LockNotAvailable):
                raise
            if len(wanted) == 1:
                self._printed[wanted[0]] = None
            for one in wanted if len(wanted) > 1 else ():
                self.read([one])

    def are_equivalent(self, one: str | None, other: str | None) -> bool:
        """Return whether both expressions mean the same, or both are None."""
        if one is None or other is None or one == other:
            return one == other
        self.read([one, other])
        return self._printed[one] is not None and self._printed[one] == self._printed[other]

    def _print(self, expressions: list[str]) -> list[str]:
        columns = sql.SQL(", ").join(sql.SQL(f"({expression})") for expression in expressions)
        from_table = compose("expressions.from_table", table=self._table, name=self._name)
        query = compose("expressions.printed", expressions=columns, from_table=from_table)
        with transaction.atomic(using=self._connection.alias), self._connection.cursor() as cursor:
            send(cursor, query)
            printed: list[str] = cursor.fetchone()[0][0]["Plan"]["Output"]
        return printed
