"""Sets orphan references to NULL with their before-images kept first, and puts them back."""

from __future__ import annotations

from dataclasses import dataclass, field

from psycopg import sql

from migrations_safety.audit.run_log import OpenImages, Run, open_images
from migrations_safety.backfill.batches import MAX_PASSES, BatchOptions, batches, in_short_transaction
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.backfill import NotNullified
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, parent_name, send


@dataclass(kw_only=True)
class Outcome:
    """Rows changed by table, rows left as they are by table, and batches."""

    rows: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    batches: int = 0


def nullify(
    connection: Connection,
    inspected: InspectedSchema,
    key: DeclaredKey,
    run: Run,
    outcome: Outcome,
    *,
    batching: BatchOptions,
    progress: Progress,
) -> None:
    """Set every orphan reference of one column to NULL; its before-image is kept in the same statement.

    The application may add orphans while we work, so we repeat until a pass finds none, at most `MAX_PASSES` times.
    Raises NotNullified where a pass changes nothing: a trigger forbids it.
    """
    names = _names(inspected, key)
    outcome.rows.setdefault(key.table, 0)
    for _ in range(MAX_PASSES):
        orphans = _fill_work_table(connection, names)
        if not orphans:
            return
        if not _batches(connection, key, names, orphans, run, outcome, batching=batching, progress=progress):
            raise NotNullified(table=key.table, rows=pluralize(orphans, "reference"))


def _fill_work_table(connection: Connection, names: dict[str, sql.Composable]) -> int:
    """Put the rows of all orphan references into a new work table, and count them."""
    with connection.cursor() as cursor:
        cursor.execute(statement("placeholders.forget"))
        send(cursor, compose("nullification.orphan_rows", **names))
        found = int(cursor.rowcount)
        cursor.execute(statement("placeholders.index_work"))
        cursor.execute(statement("placeholders.analyze_work"))
    return found


def _batches(
    connection: Connection,
    key: DeclaredKey,
    names: dict[str, sql.Composable],
    total: int,
    run: Run,
    outcome: Outcome,
    *,
    batching: BatchOptions,
    progress: Progress,
) -> int:
    changed = 0
    batch = compose("nullification.nullify", **names)
    parameters = {"run_id": run.id, "table_name": key.table, "column_name": key.column}
    with progress.steps(f"References of {key.table} set to NULL", total=total) as advance:
        for after, upto in batches(connection, batching, total=total, progress=progress):
            of_batch = parameters | {"after": after, "upto": upto}
            changed += in_short_transaction(connection, batch, of_batch, progress=progress)
            outcome.batches += 1
            advance(upto)
    outcome.rows[key.table] += changed
    return changed


def restore(
    connection: Connection, inspected: InspectedSchema, run: Run, *, batching: BatchOptions, progress: Progress
) -> Outcome:
    """Put back all before-images that are open; those that cannot go back are counted and stay kept."""
    outcome = Outcome()
    keys = {(key.table, key.column): key for key in inspected.references()}
    for images in open_images(connection):
        key = keys.get((images.table, images.column))
        if key is None or not names_rows(inspected, key):
            outcome.left[images.table] = outcome.left.get(images.table, 0) + images.count
        else:
            _restore(connection, inspected, key, images, run, outcome, batching=batching, progress=progress)
    return outcome


def _restore(
    connection: Connection,
    inspected: InspectedSchema,
    key: DeclaredKey,
    images: OpenImages,
    run: Run,
    outcome: Outcome,
    *,
    batching: BatchOptions,
    progress: Progress,
) -> None:
    table = inspected.tables[key.table]
    has_key = any(found.table_oid == table.oid and found.columns == (key.column,) for found in inspected.foreign_keys)
    names = _names(inspected, key)
    with_parent = compose("nullification.with_parent", **names) if has_key else sql.SQL("")
    batch = compose("nullification.restore", with_parent=with_parent, **names)
    parameters = {"run_id": run.id, "table_name": key.table, "column_name": key.column}
    restored = 0
    with progress.steps(f"References of {key.table} restored", total=images.count) as advance:
        before = images.first - 1
        for after, upto in batches(connection, batching, total=images.last - before, progress=progress):
            of_batch = parameters | {"after": before + after, "upto": before + upto}
            restored += in_short_transaction(connection, batch, of_batch, progress=progress)
            outcome.batches += 1
            advance(restored)
    outcome.rows[key.table] = outcome.rows.get(key.table, 0) + restored
    if restored < images.count:
        outcome.left[key.table] = outcome.left.get(key.table, 0) + images.count - restored


def names_rows(inspected: InspectedSchema, key: DeclaredKey) -> bool:
    """Whether the primary key of the model names each row: else a before-image might be another row's."""
    column = inspected.column(key.table, key.row_id or "")
    return bool(column and column.is_unique and not column.nullable)


def _names(inspected: InspectedSchema, key: DeclaredKey) -> dict[str, sql.Composable]:
    column, row_id = inspected.column(key.table, key.column), inspected.column(key.table, key.row_id or "")
    assert column is not None and row_id is not None  # else it was refused
    target = inspected.tables[key.target_table]
    return {
        "table": inspected.tables[key.table].in_sql,
        "column": sql.Identifier(key.column),
        "target": parent_name(key.target_table, schema=target.schema, is_partitioned=target.is_partitioned),
        "target_column": sql.Identifier(key.target_column),
        "type": sql.SQL(inspected.compared_as([key])),
        "column_type": sql.SQL(column.type),
        "row_id": sql.Identifier(row_id.name),
        "id_type": sql.SQL(row_id.type),
    }
