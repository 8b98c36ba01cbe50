"""Lets the sequences of a copy go on where those of the original are, or after the highest of the replaced ids."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.postgresql.named_rows import Record, records
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose


def sequences(original: psycopg.Connection[Any]) -> list[Record]:
    """Return how far each sequence is."""
    return records(original.execute(statement("sequences.sequences").encode(), {}))


def set_sequence(there: psycopg.Connection[Any], one: Record) -> None:
    """Set one of them on the copy."""
    highest: sql.Composable = sql.SQL("NULL")
    if one["column"]:
        table = sql.Identifier(one["table_schema"], one["relation"])
        highest = compose("sequences.highest", column=sql.Identifier(one["column"]), table=table)
    name = sql.Literal(sql.Identifier(one["schema"], one["name"]).as_string(there))
    last = sql.Literal(one["last"])
    there.execute(compose("sequences.set_sequence", sequence=name, last=last, highest=highest))
