"""Measures a migration plan by running it on a scratch database.

The scratch database has a copy of the target's schema, and a child process runs the plan there.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django.db
import psycopg

from migrations_safety.measurement.answer import read_answer
from migrations_safety.measurement.child_process import run_plan, waiting_child
from migrations_safety.measurement.options import EVERYTHING, MeasureOptions
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.report import MeasuredPlan, not_measured
from migrations_safety.measurement.sample_rows import make_sample_rows
from migrations_safety.measurement.schema_copy import copy_schema
from migrations_safety.measurement.scratch import Place, scratch_database
from migrations_safety.measurement.statement_texts import as_asked, without_unparsed
from migrations_safety.measurement.yielding_rows import ALL
from migrations_safety.messages.errors import explain
from migrations_safety.plan.done_operations import passed_over
from migrations_safety.postgresql.application_statements import ApplicationStatements
from migrations_safety.postgresql.connection import Connection

WITHOUT_ROWS = "rows: made-up ones did not fit a migration, which was measured on empty tables with all later ones"
UNUSABLE = "the scratch database could not be used"
COULD_NOT = (psycopg.Error, django.db.Error, subprocess.CalledProcessError, OSError)
"""The errors of a server that cannot be reached, started or used, and of a program that cannot be run."""


def measure(
    connection: Connection,
    *,
    app_label: str | None = None,
    migration_name: str | None = None,
    fake_initial: bool = False,
    options: MeasureOptions = EVERYTHING,
    statements: ApplicationStatements | None = None,
    release: Mapping[str, Mapping[str, bool]] | None = None,
) -> MeasuredPlan:
    """Run `migrate [app_label] [migration_name]` on a scratch database, and measure what each statement does there.

    `statements` are those of the application, without values, which are parsed before and after each migration.
    `release` has the columns of the running release by table (see `columns_of_release`). Where nothing could be
    measured, `measured` of the result is `no` and `reason` says why.
    """
    asked: dict[str, Any] = {"app_label": app_label, "migration_name": migration_name, "fake_initial": fake_initial}
    asked |= {"measure_python": options.measure_python, "rollback_seconds": options.rollback_seconds}
    asked |= {"statements": as_asked(statements) if statements else [], "release": release or {}}
    asked["done"] = {label: sorted(numbers) for label, numbers in passed_over(connection).items()}
    try:
        with (
            waiting_child() as child,
            scratch_database(connection, url=options.scratch_url, as_superuser=options.as_superuser) as place,
        ):
            left_out = copy_schema(connection, place)
            asked["without_rows"] = make_sample_rows(place)
            left_out += tuple(f"rows in {table}: none could be made up" for table in asked["without_rows"])
            answer = run_plan(child, connection, place, asked, max_seconds=options.max_seconds)
    except NotMeasured as reason:
        return not_measured(str(reason))
    except COULD_NOT as error:
        return not_measured(f"{UNUSABLE}: {_why(error)}")
    left_out += tuple(_emptied(table) for table in answer.pop("emptied"))
    return _plan(place, left_out, answer, statements)


def _why(error: Exception) -> str:
    """Say why, without the message of a program or of a driver that may repeat a value or the password of a URL."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"{Path(error.cmd[0]).name} ended with {error.returncode}"
    return explain(error)[0]


def _plan(
    place: Place, left_out: tuple[str, ...], answer: dict[str, Any], statements: ApplicationStatements | None
) -> MeasuredPlan:
    answered = read_answer(answer)
    parsed = without_unparsed(statements, answered["application"])
    return MeasuredPlan(
        measured=place.where,
        reason=place.why_not_the_server,
        server_version=place.server_version,
        left_out=left_out,
        statements=parsed.statements,
        **answered | {"application": parsed.broken},
    )


def _emptied(table: str) -> str:
    return WITHOUT_ROWS if table == ALL else f"rows in {table}: the made-up ones did not fit a migration"
