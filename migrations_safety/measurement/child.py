"""Runs a migration plan on the scratch database, in a process of its own.

The command is `python -m migrations_safety.measurement.child`.
The process reads its task as JSON from stdin. It writes the measurements as JSON to the file that the task names,
because the code of the project may print to stdout.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import django


class NotOnTheScratch(Exception):
    """Raised where the connection does not reach the scratch database; the next migration was not run."""


def main() -> None:
    """Read the task from stdin, run the plan, and write the measurements, or what kept the plan from running.

    Of an error only the SQLSTATE or the class is written, because its message may repeat a value.
    """
    asked = json.load(sys.stdin)
    try:
        django.setup()
        answer = _measured(asked)
    except Exception as failed:
        answer = {"failed": _named(failed)}
    Path(asked["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def _measured(asked: dict[str, Any]) -> dict[str, Any]:
    from migrations_safety.measurement.executor import MeasuringExecutor, without_code
    from migrations_safety.measurement.observation import Observer
    from migrations_safety.measurement.statements import StatementMeter
    from migrations_safety.plan.targets import targets
    from migrations_safety.postgresql.connection import connection_of
    from migrations_safety.postgresql.second_connection import connection_parameters, open_connection
    from migrations_safety.sql import statement

    connection = connection_of(asked["alias"])
    connection.ensure_connection()

    def before_each() -> None:
        found = connection.connection.execute(statement("child.where_it_is").encode()).fetchall()
        if found != [(asked["database"], asked["token"])]:
            raise NotOnTheScratch

    before_each()
    with ExitStack() as stack:
        parameters = connection_parameters(connection)
        beside = stack.enter_context(closing(open_connection(parameters)))
        meter = StatementMeter(connection, Observer(connection.connection, beside, parameters))
        stack.enter_context(connection.execute_wrapper(meter))
        if not asked["measure_python"]:
            stack.enter_context(without_code())
        executor = MeasuringExecutor(connection, meter, before_each=before_each)
        wanted = targets(executor, asked["app_label"], asked["migration_name"])
        error = None
        try:
            executor.migrate(wanted)
        except NotOnTheScratch:
            raise
        except Exception as failed:
            error = _named(failed)
    return {"transactions": [asdict(one) for one in executor.found], "error": error}


def _named(error: Exception) -> str:
    from migrations_safety.messages.errors import sqlstate

    return sqlstate(error) or type(error).__name__


if __name__ == "__main__":
    main()
