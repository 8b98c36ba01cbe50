"""Sets foreign-key values without a parent to NULL, keeps the earlier values, and restores them on request."""

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
from migrations_safety.postgresql.relations import ForeignKey
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, parent_name, send


@dataclass(kw_only=True)
class Outcome:
    """The numbers of rows that were changed so far."""

    rows: dict[str, int] = field(default_factory=dict)
    """The number of rows that were changed, by table."""
    left: dict[str, int] = field(default_factory=dict)
    """The number of rows whose earlier value could not be restored, by table."""
    held_by: dict[str, list[str]] = field(default_factory=dict)
    """The names of the existing foreign keys that allow only values with a parent, by table."""
    batches: int = 0

    def add(self, table: str, *, rows: int = 0, left: int = 0) -> None:
        """Add numbers of rows of a table to `rows` and `left`."""
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
    """Set every value without a parent in one foreign-key column to NULL, and add the numbers to `outcome`.

    The earlier values are kept in the table `migrations_safety_before_image`. Raises NotNullified where a pass finds
    values without a parent and changes none of them, because a trigger forbids the change.
    """
    # The statement that sets NULL also keeps the earlier value, so that a kill cannot come in between. The application
    # may add orphans meanwhile, so this repeats until a pass finds none, or until MAX_PASSES are over.
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
    """Create the work table anew with all rows whose value has no parent; return the number of these rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement("work_table.forget"))
        send(cursor, compose("nullification.orphan_rows", **parts))
        found = int(cursor.rowcount)
        cursor.execute(statement("work_table.index_work"))
        cursor.execute(statement("work_table.analyze_work"))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """Changes the values of one foreign-key column, batch by batch."""

    connection: Connection
    run: Run
    key: DeclaredKey
    outcome: Outcome
    batching: BatchOptions
    progress: Progress

    def nullify(self, query: sql.Composable, orphans: int) -> int:
        """Set the column to NULL in the rows of the work table; return the number of rows that were changed."""
        changed = 0
        with self.progress.steps(f"References of {self.key.table} set to NULL", total=orphans) as advance:
            for batch in batches(self.connection, self.batching, total=orphans, progress=self.progress):
                changed += self._run(query, batch)
                advance(batch.upto)
        self.outcome.add(self.key.table, rows=changed)
        return changed

    def restore(self, query: sql.Composable, images: OpenImages) -> None:
        """Restore the earlier values of the column."""
        restored, before = 0, images.first - 1
        with self.progress.steps(f"Restoring references of {self.key.table}", total=images.count) as advance:
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
    """Restore all kept values that were not restored yet; return the numbers of rows.

    A value that cannot be restored is counted in `Outcome.left` and stays kept.
    """
    outcome = Outcome()
    keys = {(key.table, key.column): key for key in inspected.references()}
    for images in open_images(connection):
        key = keys.get((images.table, images.column))
        if key is None or not names_rows(inspected, key):
            outcome.left[images.table] = outcome.left.get(images.table, 0) + images.count
            continue
        work = _Work(connection=connection, run=run, key=key, outcome=outcome, batching=batching, progress=progress)
        existing = _existing_keys(inspected, key)
        if existing:
            names = outcome.held_by.setdefault(key.table, [])
            names += sorted({one.name for one in existing} - {*names})
        work.restore(_restore_query(inspected, key, has_key=bool(existing)), images)
    return outcome


def _existing_keys(inspected: InspectedSchema, key: DeclaredKey) -> list[ForeignKey]:
    """The foreign keys that the column has in the database."""
    # Before it is validated, a partitioned table on PostgreSQL 15 to 17 has its foreign key on the partitions alone.
    oid, existing = inspected.tables[key.table].oid, (*inspected.foreign_keys, *inspected.partition_keys)
    return [one for one in existing if one.table_oid == oid and one.columns == (key.column,)]


def _restore_query(inspected: InspectedSchema, key: DeclaredKey, *, has_key: bool) -> sql.Composed:
    """The statement that restores a batch. Where the foreign key exists, it restores only values that have a parent."""
    parts = _parts(inspected, key)
    with_parent = compose("nullification.with_parent", **parts) if has_key else sql.SQL("")
    return compose("nullification.restore", with_parent=with_parent, **parts)


def names_rows(inspected: InspectedSchema, key: DeclaredKey) -> bool:
    """Whether the model's primary key is unique and NOT NULL in the database, so that it identifies a row.

    Otherwise a kept value could be restored into another row.
    """
    column = inspected.column(key.table, key.row_id or "")
    return bool(column and column.is_unique and not column.nullable)


def _parts(inspected: InspectedSchema, key: DeclaredKey) -> dict[str, sql.Composable]:
    """The names and types that the statements in `nullification.sql` need, by placeholder."""
    column, row_id = inspected.column(key.table, key.column), inspected.column(key.table, key.row_id or "")
    assert column is not None and row_id is not None  # otherwise the backfill has raised an error before
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
