"""Gives a copy the settings of the database and of the role, which neither pg_dump nor CREATE DATABASE carries over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.postgresql.copies import CopiedDatabase
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement


def carry_settings(original: dict[str, Any], copy: CopiedDatabase) -> list[str]:
    """Set on the copy what is set for the original database, for the role, and for the role in it.

    Returns those that could not be set, in words: of an extension that is not there, or for superusers only.
    """
    with closing(open_connection(original)) as session:
        found = session.execute(statement("carried_settings.found").encode()).fetchall()
    with closing(open_connection(copy.parameters)) as session:
        return list(_refused(session, copy, found))


def _refused(session: psycopg.Connection[Any], copy: CopiedDatabase, found: list[Any]) -> Iterator[str]:
    for of_role, name, value in found:
        how = sql.SQL(statement("carried_settings.of_role" if of_role else "carried_settings.of_database"))
        named = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
        try:
            session.execute(how.format(database=sql.Identifier(copy.name), name=named, value=sql.Literal(value)))
        except psycopg.Error:
            yield f"SETTING {name}: the role may not set it on the copy, or its extension is not there"


def acting_objects(original: dict[str, Any]) -> list[str]:
    """Return the publications and subscriptions, which no copy has, in words."""
    with closing(open_connection(original)) as session:
        return [f"{one}: it would act" for (one,) in session.execute(statement("carried_settings.acting").encode())]
