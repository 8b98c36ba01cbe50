"""Runs a migration plan on the scratch database, in a process of its own.

The command is `python -m migrations_safety.measurement.child`.
The process reads its task as JSON from stdin. It writes the measurements as JSON to the file descriptor that the task
names, because the code of the project may print to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import Any

import django
import psycopg


class NotOnTheScratch(Exception):
    """Raised where the connection does not reach the scratch database; the next migration was not run."""


def main() -> None:
    """Read the task from stdin, run the plan, and write the measurements."""
    asked = json.load(sys.stdin)
    django.setup()
    with os.fdopen(asked["answer_to"], "w", encoding="utf-8") as answer:
        json.dump(_measured(asked), answer)


def _measured(asked: dict[str, Any]) -> dict[str, Any]:
    from django.db import DatabaseError

    from migrations_safety.measurement.executor import MeasuringExecutor, without_code
    from migrations_safety.measurement.observation import Observer
    from migrations_safety.measurement.statements import StatementMeter
    from migrations_safety.messages.errors import sqlstate
    from migrations_safety.plan.targets import targets
    from migrations_safety.postgresql.connection import connection_of
    from migrations_safety.postgresql.second_connection import connection_parameters
    from migrations_safety.sql import statement

    connection = connection_of(asked["alias"])
    connection.ensure_connection()

    def before_each() -> None:
        found = connection.connection.execute(statement("child.where_it_is").encode()).fetchall()
        if found != [(asked["database"], asked["token"])]:
            raise NotOnTheScratch

    before_each()
    with ExitStack() as stack:
        beside = stack.enter_context(closing(psycopg.connect(**connection_parameters(connection))))
        meter = StatementMeter(connection, Observer(connection.connection, beside))
        stack.enter_context(connection.execute_wrapper(meter))
        if not asked["measure_python"]:
            stack.enter_context(without_code())
        executor = MeasuringExecutor(connection, meter, before_each=before_each)
        wanted = targets(executor, asked["app_label"], asked["migration_name"])
        error = None
        try:
            executor.migrate(wanted)
        except DatabaseError as failed:
            error = sqlstate(failed) or type(failed).__name__
    return {"transactions": [asdict(one) for one in executor.found], "error": error}


if __name__ == "__main__":
    main()
