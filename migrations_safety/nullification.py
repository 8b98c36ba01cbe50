"""Sets orphan references to NULL with their before-images kept first, and puts them back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from migrations_safety.checks.evidence import Evidence
from migrations_safety.checks.types import family
from migrations_safety.composing import composed, table_name
from migrations_safety.declarations import DeclaredKey
from migrations_safety.ledger import OpenImages, Run, open_images
from migrations_safety.pace import Pace, batches, in_short_transaction
from migrations_safety.progress import Progress
from migrations_safety.sql import statement


@dataclass(kw_only=True)
class Outcome:
    """Rows changed by table, rows left as they are by table, and batches."""

    rows: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    batches: int = 0


def nullify(
    connection: Any,
    evidence: Evidence,
    key: DeclaredKey,
    run: Run,
    outcome: Outcome,
    *,
    pace: Pace,
    progress: Progress,
) -> None:
    """Set every orphan reference of one column to NULL; a before-image goes first, in the same statement."""
    names = _names(evidence, key)
    parameters = {"run_id": run.id, "table_name": key.table, "column_name": key.column}
    outcome.rows.setdefault(key.table, 0)
    with connection.cursor() as cursor:
        cursor.execute(statement("backfill.forget"))
        cursor.execute(composed("backfill.orphan_rows", **names))
        total = cursor.rowcount
        cursor.execute(statement("backfill.index_work"))
        cursor.execute(statement("backfill.analyze_work"))
        with progress.steps(f"References of {key.table} set to NULL", total=total) as advance:
            for after, upto in batches(connection, pace, total=total, progress=progress):
                batch = composed("backfill.nullify", **names)
                of_batch = parameters | {"after": after, "upto": upto}
                outcome.rows[key.table] += in_short_transaction(connection, batch, of_batch, progress=progress)
                outcome.batches += 1
                advance(upto)


def restore(connection: Any, evidence: Evidence, run: Run, *, pace: Pace, progress: Progress) -> Outcome:
    """Put back all before-images that are open; those that cannot go back are counted and stay kept."""
    outcome = Outcome()
    keys = {(key.table, key.column): key for key in evidence.references()}
    for images in open_images(connection):
        key = keys.get((images.table, images.column))
        if key is None:
            outcome.left[images.table] = images.count
        else:
            _restore(connection, evidence, key, images, run, outcome, pace=pace, progress=progress)
    return outcome


def _restore(
    connection: Any,
    evidence: Evidence,
    key: DeclaredKey,
    images: OpenImages,
    run: Run,
    outcome: Outcome,
    *,
    pace: Pace,
    progress: Progress,
) -> None:
    table = evidence.tables[key.table]
    has_key = any(one.table_oid == table.oid and one.columns == (key.column,) for one in evidence.keys)
    names = _names(evidence, key)
    with_parent = composed("backfill.with_parent", **names) if has_key else sql.SQL("")
    batch = composed("backfill.restore", with_parent=with_parent, **names)
    parameters = {"run_id": run.id, "table_name": key.table, "column_name": key.column}
    restored = 0
    with progress.steps(f"References of {key.table} put back", total=images.count) as advance:
        before = images.first - 1
        for after, upto in batches(connection, pace, total=images.last - before, progress=progress):
            of_batch = parameters | {"after": before + after, "upto": before + upto}
            restored += in_short_transaction(connection, batch, of_batch, progress=progress)
            outcome.batches += 1
            advance(restored)
    outcome.rows[key.table] = restored
    if restored < images.count:
        outcome.left[key.table] = images.count - restored


def _names(evidence: Evidence, key: DeclaredKey) -> dict[str, sql.Composable]:
    column, row_id = evidence.column(key.table, key.column), evidence.column(key.table, "id")
    assert column is not None and row_id is not None
    is_uuid = family(column.type) == "uuid"
    return {
        "table": table_name(key.table),
        "column": sql.Identifier(key.column),
        "target": table_name(key.target_table),
        "target_column": sql.Identifier(key.target_column),
        "type": sql.SQL("uuid" if is_uuid else "text"),
        "column_type": sql.SQL(column.type),
        "id_type": sql.SQL(row_id.type),
    }
