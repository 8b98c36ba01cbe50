"""The trigger with which `restore_dropped` carries over what is written into a column that was made again.

A restore that was killed leaves it. It reads the column by its name, so it has to go before the column does.
"""

from __future__ import annotations

from psycopg import sql

from migrations_safety.kept.kept_record import KEPT_SCHEMA, Kept, kept_things
from migrations_safety.kept.physical import Relation, change
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows


def names_of(kept: Kept) -> dict[str, sql.Identifier]:
    """Return the names in SQL of the trigger and of its function for something kept."""
    return {
        "function": sql.Identifier(KEPT_SCHEMA, f"carry_over_{kept.number}"),
        "trigger": sql.Identifier(f"zz_migrations_safety_kept_{kept.number}"),
    }


def carriers(connection: Connection, table: Relation) -> list[Relation]:
    """Return the tables that need a trigger of their own: partitions have that of their table, heirs have none."""
    return [table] if table.kind == "p" else rows(connection, "kept_tables.tree", {"oid": table.oid}, Relation)


def end_carrying(connection: Connection, table: Relation, kept: Kept) -> None:
    """Drop the trigger and its function, if they are there."""
    names = names_of(kept)
    for carrier in carriers(connection, table):
        change(connection, "carrying.drop_trigger", table=carrier.in_sql, trigger=names["trigger"])
    change(connection, "carrying.drop_function", function=names["function"])


def end_carrying_over(connection: Connection, table: Relation, column: str) -> None:
    """End what a killed restore has left for this column; must run in the transaction that takes the column away."""
    for one in kept_things(connection):
        if (one.schema, one.table, one.column) == (table.schema, table.name, column):
            end_carrying(connection, table, one)
