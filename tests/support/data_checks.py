"""Judging the rows of the app `ward` against its pending migrations, and what plain Django then makes of them."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.census.reference_counts import count
from migrations_safety.census.scan_strategy import BY_SIZE
from migrations_safety.checks.data import check_data
from migrations_safety.checks.data_report import DataChecks
from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.progress import Progress
from migrations_safety.plan import migration_plan
from migrations_safety.plan.inspected_schema import inspect_plan
from migrations_safety.postgresql.snapshot import snapshot
from migrations_safety.postgresql.target import connect


def judge(connection: Any, scratch: Any) -> DataChecks:
    """What the rows say to the pending migrations of `ward`, measured on the empty database `scratch`."""
    return check(connection, measured_on(connection, scratch))


def measured_on(connection: Any, scratch: Any) -> MeasuredPlan:
    """What the pending migrations of `ward` do on the empty database `scratch`."""
    measured = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))
    assert measured.measured == "url", measured.reason
    return measured


def check(connection: Any, measured: MeasuredPlan) -> DataChecks:
    """What the rows that this connection sees say to a measured plan."""
    target = connect(connection)
    with snapshot(connection):
        plan = migration_plan.read(connection, app_label="ward")
        inspected = inspect_plan(connection, plan=plan, target=target)
        keys = inspected.references()
        censuses = count(connection, inspected, keys, reading=BY_SIZE, progress=Progress()) if keys else []
        return check_data(connection, measured, inspected=inspected, censuses=censuses)


def counts(judged: DataChecks) -> list[tuple[Any, ...]]:
    """Kind, table, columns, violating rows and groups of each check."""
    return [
        (one.kind, f"{one.table} {' '.join(one.columns)}".rstrip(), one.violating_rows, one.groups)
        for one in judged.checks
    ]


def known_to(database: Any, expected: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The counts without how many texts a type refuses, before PostgreSQL 16, which is the first to tell."""
    if database.server.version >= 16:
        return expected
    return [(*one[:2], None, one[3]) if one[0] == "cast" and "name" in one[1] and one[2] else one for one in expected]


def ids(judged: DataChecks) -> list[str]:
    """The ids of the findings."""
    return [one.id for one in judged.findings]


def plain_migrate(connection: Any) -> str | None:
    """What plain Django says of the pending migrations of `ward`: the SQLSTATE, None where it goes through."""
    executor = MigrationExecutor(connection)
    try:
        executor.migrate(executor.loader.graph.leaf_nodes("ward"))
    except DatabaseError as error:
        return sqlstate(error)
    return None


def look(ward: Any, make: Any, **options: Any) -> Any:
    """The report of a precheck that measures on a scratch database of its own."""
    report = ward.look(measure=MeasureOptions(scratch_url=make("empty").url), **options)
    assert report.review.measured.measured == "url", report.review.measured.reason
    return report


def data_checks(report: Any) -> list[tuple[Any, ...]]:
    """Kind, columns, rows that violate and reason of each check."""
    return [(one.kind, *one.columns, one.violating_rows, one.reason) for one in report.review.data.checks]


def told(report: Any, area: str = "data") -> list[str]:
    """Id, subject and message of each finding of the area."""
    return [f"{one.id} {one.subject} {one.message}" for one in report.findings if one.id.startswith(f"{area}.")]
