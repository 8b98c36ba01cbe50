"""Restores the references that `--nullify` has set to NULL, before the tables go in which their patients would be.

What stays NULL stops the rollback: a reference is then neither as it was before the first command nor in a table that
anybody looks into. A row that was deleted since, or that has got another reference, is not asked for.
"""

from __future__ import annotations

from psycopg import sql

from migrations_safety.audit.run_log import OpenImages, Run, open_images
from migrations_safety.backfill import nullification
from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.backfill.parents import inspect_references
from migrations_safety.messages.progress import Progress
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.target import Target
from migrations_safety.schema.placeholder_makers import maker_of_table
from migrations_safety.sql.composition import compose, send


def restore_references(
    connection: Connection, target: Target, run: Run, *, batching: BatchOptions, progress: Progress
) -> tuple[dict[str, int], dict[str, int]]:
    """Restore what can be restored; return the numbers of references by table: restored, and still NULL."""
    inspected = inspect_references(connection, target)
    outcome = nullification.restore(connection, inspected, run, batching=batching, progress=progress)
    left: dict[str, int] = {}
    for images in open_images(connection):
        if rows := _still_null(connection, inspected, images):
            left[images.table] = left.get(images.table, 0) + rows
    return outcome.rows, left


def has_references(connection: Connection, tables: tuple[str, ...]) -> bool:
    """Whether references were set to NULL, and one of these tables, which go, is such that placeholders are made in."""
    return any(map(maker_of_table, tables)) and bool(open_images(connection))


def _still_null(connection: Connection, inspected: InspectedSchema, images: OpenImages) -> int:
    """Count the rows that are still there and have no reference; all of them where nobody can tell."""
    keys = (key for key in inspected.references() if (key.table, key.column) == (images.table, images.column))
    key = next(keys, None)
    if key is None or key.row_id is None or not nullification.names_rows(inspected, key):
        return images.count
    names = {"column": sql.Identifier(key.column), "row_id": sql.Identifier(key.row_id)}
    query = compose("references.still_null", table=inspected.tables[key.table].in_sql, **names)
    with connection.cursor() as cursor:
        send(cursor, query, {"table_name": images.table, "column_name": images.column})
        return int(cursor.fetchone()[0])
