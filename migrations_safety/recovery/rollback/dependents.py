"""Finds what Django's `DROP … CASCADE` would take along: views, functions, keys of other tables and others.

What the rollback itself drops is gone by the time that its table or column is dropped, so what is left then is no part
of it: somebody has made it by hand, or its migration has no file any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrations_safety.kept.obstacles import OBJECT, obstacles
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement


def check_dependents(
    connection: Connection, table: str, column: str | None, *, going: Sequence[int]
) -> Iterator[Finding]:
    """Find out what would fall with a table, or with its column; `going` are the oids of all tables that go.

    `table` is the name as Django has it.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("dependents.table"), {"name": connection.ops.quote_name(table)})
        (oid,) = cursor.fetchone()
        if oid is None:
            return
        cursor.execute(statement("dependents.keys"), {"oid": oid, "column": column, "going": list(going)})
        things = [name for (name,) in cursor.fetchall()]
    things += [one.name for one in obstacles(connection, oid, column=column) if one.kind == OBJECT]
    for thing in things:
        yield wording.falls_with_it(thing, subject=f'{table}."{column}"' if column else table)
