"""Sets orphan references to NULL and keeps their before-images, and restores them."""

from __future__ import annotations

from dataclasses import dataclass, field

from psycopg import sql

from migrations_safety.audit.run_log import OpenImages, Run, open_images
from migrations_safety.backfill.batches import MAX_PASSES, Batch, BatchOptions, batches, in_short_transaction
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
    """What was changed so far."""

    rows: dict[str, int] = field(default_factory=dict)
    """Rows that were changed, by table."""
    left: dict[str, int] = field(default_factory=dict)
    """Rows whose before-image could not be restored, by table."""
    batches: int = 0

    def add(self, table: str, *, rows: int = 0, left: int = 0) -> None:
        """Add rows of a table."""
        self.rows[table] = self.rows.get(table, 0) + rows
        if left:
            self.left[table] = self.left.get(table, 0) + left


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
    """Set every orphan reference of one column to NULL, and add the figures to `outcome`.

    Raises NotNullified where a pass changes nothing: a trigger forbids it.
    """
    # The before-image is kept by the statement that sets NULL, so that no kill comes between the two. The application
    # may add orphans while we work, so we repeat until a pass finds none, or MAX_PASSES are over.
    work = _Work(connection=connection, run=run, key=key, outcome=outcome, batching=batching, progress=progress)
    parts = _parts(inspected, key)
    outcome.add(key.table)
    for _ in range(MAX_PASSES):
        orphans = _fill_work_table(connection, parts)
        if not orphans:
            return
        if not work.nullify(compose("nullification.nullify", **parts), orphans):
            raise NotNullified(table=key.table, rows=pluralize(orphans, "reference"))


def _fill_work_table(connection: Connection, parts: dict[str, sql.Composable]) -> int:
    """Put the rows of all orphan references into the work table, which is made anew; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(statement("work_table.forget"))
        send(cursor, compose("nullification.orphan_rows", **parts))
        found = int(cursor.rowcount)
        cursor.execute(statement("work_table.index_work"))
        cursor.execute(statement("work_table.analyze_work"))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """Changes the references of one column, batch by batch."""

    connection: Connection
    run: Run
    key: DeclaredKey
    outcome: Outcome
    batching: BatchOptions
    progress: Progress

    def nullify(self, query: sql.Composable, orphans: int) -> int:
        """Set the rows of the work table to NULL; returns how many were changed."""
        changed = 0
        with self.progress.steps(f"References of {self.key.table} set to NULL", total=orphans) as advance:
            for batch in batches(self.connection, self.batching, total=orphans, progress=self.progress):
                changed += self._run(query, batch)
                advance(batch.upto)
        self.outcome.add(self.key.table, rows=changed)
        return changed

    def restore(self, query: sql.Composable, images: OpenImages) -> None:
        """Put the before-images of the column back."""
        restored, before = 0, images.first - 1
        with self.progress.steps(f"References of {self.key.table} restored", total=images.count) as advance:
            for batch in batches(self.connection, self.batching, total=images.last - before, progress=self.progress):
                restored += self._run(query, Batch(after=before + batch.after, upto=before + batch.upto))
                advance(restored)
        self.outcome.add(self.key.table, rows=restored, left=max(0, images.count - restored))

    def _run(self, query: sql.Composable, batch: Batch) -> int:
        of_column = {"run_id": self.run.id, "table_name": self.key.table, "column_name": self.key.column}
        parameters = of_column | batch.parameters
        changed = in_short_transaction(self.connection, query, parameters, progress=self.progress)
        self.outcome.batches += 1
        return changed


def restore(
    connection: Connection, inspected: InspectedSchema, run: Run, *, batching: BatchOptions, progress: Progress
) -> Outcome:
    """Put back all before-images that are open; those that cannot go back are counted and stay open."""
    outcome = Outcome()
    keys = {(key.table, key.column): key for key in inspected.references()}
    for images in open_images(connection):
        key = keys.get((images.table, images.column))
        if key is None or not names_rows(inspected, key):
            outcome.left[images.table] = outcome.left.get(images.table, 0) + images.count
            continue
        work = _Work(connection=connection, run=run, key=key, outcome=outcome, batching=batching, progress=progress)
        work.restore(_restore_query(inspected, key), images)
    return outcome


def _restore_query(inspected: InspectedSchema, key: DeclaredKey) -> sql.Composed:
    """Where the key exists already, only references with a parent are put back: the others would break it."""
    oid, parts = inspected.tables[key.table].oid, _parts(inspected, key)
    has_key = any(
        existing.table_oid == oid and existing.columns == (key.column,) for existing in inspected.foreign_keys
    )
    with_parent = compose("nullification.with_parent", **parts) if has_key else sql.SQL("")
    return compose("nullification.restore", with_parent=with_parent, **parts)


def names_rows(inspected: InspectedSchema, key: DeclaredKey) -> bool:
    """Whether the model's primary key is unique in the database: else a before-image may belong to another row."""
    column = inspected.column(key.table, key.row_id or "")
    return bool(column and column.is_unique and not column.nullable)


def _parts(inspected: InspectedSchema, key: DeclaredKey) -> dict[str, sql.Composable]:
    """The identifiers and types that the statements need."""
    column, row_id = inspected.column(key.table, key.column), inspected.column(key.table, key.row_id or "")
    assert column is not None and row_id is not None  # the backfill has refused it otherwise
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
