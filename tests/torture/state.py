"""All that a database holds, as values that two runs of the same command must agree on: catalog and rows."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from tests.support.catalog_snapshot import catalog_snapshot

LEDGER = ("migrations_safety_run", "migrations_safety_before_image")
DIFFERS_BY_RUN = {
    "patients": ("createdAt", "updatedAt", "backfillRunId"),
    "patient_risk_flags": ("id", "startsAt", "createdAt", "updatedAt"),
    "django_migrations": ("id", "applied"),
    "migrations_safety_before_image": ("id", "run_id", "taken_at", "restored_run_id"),
}
"""Times and random numbers of rows that the commands make. Of the hospital's own rows every column counts."""
TABLES = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1"""
CHECKS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'c' AND connamespace = 'public'::regnamespace ORDER BY 1, 2"""
RESTORED = "SELECT row_id, restored_run_id IS NOT NULL FROM migrations_safety_before_image ORDER BY row_id, id"
OF_UNKNOWN_RUNS = """
    SELECT count(*) FROM patients WHERE "identityStatus" = 'PLACEHOLDER' AND NOT EXISTS (
        SELECT FROM migrations_safety_run AS run WHERE run.run_id::text = patients."backfillRunId"::text)"""
BROKEN_LINKS = """
    SELECT count(*) FROM (
        SELECT previous_hash, coalesce(lag(hash) OVER (ORDER BY id), '') AS hash_before FROM migrations_safety_run
    ) AS link WHERE previous_hash <> hash_before"""


def state(database: Any) -> dict[str, Any]:
    """Parts by name; `runs` of the ledger differ in number where one was killed, so only their chain counts."""
    tables = [name for (name,) in database.rows(TABLES)]
    taken: dict[str, Any] = dict(catalog_snapshot(database))
    taken["checks"] = database.rows(CHECKS)
    for table in tables:
        if table != "migrations_safety_run":
            taken[f"rows of {table}"] = rows(database, table)
    if set(LEDGER) <= set(tables):
        taken["restored"] = database.rows(RESTORED)
        taken["broken links"] = database.value(BROKEN_LINKS)
        if "patients" in tables:
            taken["placeholders of unknown runs"] = database.value(OF_UNKNOWN_RUNS)
    return taken


def rows(database: Any, table: str) -> list[str]:
    """Every row as JSON, in one order, less what differs by run."""
    query = sql.SQL("SELECT (to_jsonb(one) - %s::text[])::text FROM {} AS one ORDER BY 1").format(sql.Identifier(table))
    return [row for (row,) in database.rows(query, list(DIFFERS_BY_RUN.get(table, ())))]


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """The names of the parts that differ."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
