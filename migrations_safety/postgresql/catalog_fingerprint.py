"""Computes a fingerprint of the schema of a database, which changes when any definition in it changes."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import DatabaseError, transaction

from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement


def catalog_fingerprint(connection: Connection) -> str:
    """Return an MD5 of the definitions of all tables, columns, constraints, indexes, triggers, enums and functions.

    Definitions count with their names and not with their oids. Those of PostgreSQL itself are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog_fingerprint.definitions"), {})
        return str(cursor.fetchone()[0])


def catalog_of_session(session: psycopg.Connection[Any]) -> str:
    """Return the same of the database that a session of the driver leads to."""
    return str(session.execute(statement("catalog_fingerprint.definitions").encode(), {}).fetchall()[0][0])


def database_identity(connection: Connection) -> tuple[str | None, int]:
    """Return the identifier of the cluster, and the oid of the database.

    The identifier is None where the role may not read it. A standby has the one of its primary.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("catalog_fingerprint.database"))
        oid = int(cursor.fetchone()[0])
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute(statement("catalog_fingerprint.cluster"))
                return str(cursor.fetchone()[0]), oid
        except DatabaseError as error:
            if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                return None, oid
            raise
