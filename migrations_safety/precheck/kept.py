"""What a plan does where `--keep-dropped` keeps what it drops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.migrations.executor import MigrationExecutor

from migrations_safety.checks.kept import check_kept
from migrations_safety.plan.targets import targets
from migrations_safety.postgresql.connection import Connection
from migrations_safety.precheck.report import PrecheckReport


def with_kept(
    connection: Connection, report: PrecheckReport, app_label: str | None, migration_name: str | None
) -> PrecheckReport:
    """Return the report with its findings as they are where what goes is kept, and what stands in the way of that."""
    executor: Any = MigrationExecutor(connection)
    steps = executor.migration_plan(targets(executor, app_label, migration_name))
    found = check_kept(connection, report.inspected, list(report.findings), steps)
    return replace(report, findings=tuple(found))
