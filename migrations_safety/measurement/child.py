"""Runs a migration plan on the scratch database, in a process of its own.

The command is `python -m migrations_safety.measurement.child`.
The process reads its task as JSON from stdin. It writes the measurements as JSON to the file that the task names,
because the code of the project may print to stdout.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import django

from migrations_safety.measurement.closed_network import close_network

OBJECTS = 100_000
"""After how many new objects Python looks for garbage among them (700 or 2,000 by default)."""
EARLY = (
    "django.db.migrations.executor", "django.contrib.postgres.operations", "migrations_safety.measurement.way_back",
    "migrations_safety.measurement.statements", "migrations_safety.measurement.passed_over",
)  # fmt: skip
"""The modules that take longest to import."""
GLANCES = 0.5
"""How many seconds pass before the process looks again whether its parent is alive."""


class Watcher(Protocol):
    """Looks at the scratch database before the plan and after each migration, outside of transactions."""

    def before(self) -> None:
        """Look at the database before the first migration."""

    def after(self, migration: str) -> None:
        """Look at the database after a migration, such as `shop.0004_note`, was applied or unapplied."""

    @property
    def found(self) -> list[Any]:
        """What was found, as dataclasses of plain values."""


class NotOnTheScratch(Exception):
    """Raised where the connection does not reach the scratch database; the next migration was not run."""


def main() -> None:
    """Read the task from stdin, run the plan, and write the measurements, or what kept the plan from running.

    Of an error only the SQLSTATE or the class is written, because its message may repeat a value.
    """
    end_with(os.getppid())
    collect_garbage_less_often()
    _import_early()
    asked = json.load(sys.stdin)
    os.environ["MIGRATIONS_SAFETY_SCRATCH"] = json.dumps(asked.pop("settings"))
    try:
        django.setup()
        _find_files_of_parent()
        close_network()
        gc.freeze()
        answer = _measured(asked)
    except Exception as failed:
        answer = {"failed": _named(failed)}
    write_answer(asked, answer)


def _import_early() -> None:
    """Import what needs no settings, while the parent process makes the scratch database."""
    for module in EARLY:
        import_module(module)


def _find_files_of_parent() -> None:
    from migrations_safety.plan.migration_sources import find_files_of_parent

    find_files_of_parent()


def collect_garbage_less_often() -> None:
    """Let Python look for garbage after more new objects than usual.

    Django builds the models anew for each operation, thousands of classes, and Python looks through all of them each
    time. With 100 tables that hang together and 20 pending migrations this took 1.2 of 4.9 s; it is a seventh of the
    time of the imports, too.
    """
    gc.set_threshold(OBJECTS, 50, 100)


def end_with(parent: int) -> None:
    """End this process when its parent has ended, which may have been killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(GLANCES)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def write_answer(asked: dict[str, Any], answer: dict[str, Any]) -> None:
    """Write the answer whole or not at all, because the process may be ended meanwhile."""
    file = Path(asked["answer"])
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(answer), encoding="utf-8")
    unfinished.replace(file)


def _measured(asked: dict[str, Any]) -> dict[str, Any]:
    from migrations_safety.measurement.observation import Observer
    from migrations_safety.measurement.passed_over import without_code
    from migrations_safety.measurement.statements import StatementMeter
    from migrations_safety.measurement.way_back import ReturningExecutor
    from migrations_safety.plan.done_operations import passing_over
    from migrations_safety.postgresql.connection import connection_of
    from migrations_safety.postgresql.second_connection import connection_parameters, open_connection

    connection = connection_of(asked["alias"])
    connection.ensure_connection()
    _refuse_elsewhere(connection, asked)
    with ExitStack() as stack:
        parameters = connection_parameters(connection)
        beside = stack.enter_context(closing(open_connection(parameters)))
        meter = StatementMeter(connection, Observer(connection.connection, beside, parameters))
        stack.enter_context(connection.execute_wrapper(meter))
        done = {label: frozenset(numbers) for label, numbers in asked["done"].items()}
        stack.enter_context(passing_over(connection, done))
        if not asked["measure_python"]:
            stack.enter_context(without_code())
        executor = ReturningExecutor(connection, meter)
        executor.runs_code = asked["measure_python"]
        executor.before_each = partial(_refuse_elsewhere, connection, asked)
        watchers = _watchers(connection.connection, asked, rows=_rows(asked, meter.rows))
        executor.after_each = [watcher.after for watcher in watchers.values()]
        for watcher in watchers.values():
            watcher.before()
        answer = _answer(executor, watchers, _migrate(executor, asked))
        return answer | _way_back(executor, asked, answer)


def _answer(executor: Any, watchers: dict[str, Watcher], error: str | None) -> dict[str, Any]:
    found = {name: [asdict(one) for one in watcher.found] for name, watcher in watchers.items()}
    return {
        "transactions": [asdict(one) for one in executor.found],
        "error": error,
        "emptied": executor.meter.rows.emptied,
        **found,
    }


def _way_back(executor: Any, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Go back, after the answer so far was written: it is kept if the time is over before the end of the way back."""
    from migrations_safety.measurement.answer import way_back_values
    from migrations_safety.measurement.demands import DemandWatcher
    from migrations_safety.measurement.report import BACKWARDS, NOT_GONE, NOT_MEASURED_HERE, TOO_LONG, WayBack
    from migrations_safety.measurement.way_back import go_back

    if answer["error"]:
        return way_back_values(WayBack(reason=NOT_GONE))
    if not executor.steps:
        return way_back_values(WayBack(reason=BACKWARDS))
    if not asked["rollback_seconds"]:
        return way_back_values(WayBack(reason=NOT_MEASURED_HERE))
    write_answer(asked, answer | way_back_values(WayBack(reason=TOO_LONG)))
    watcher = DemandWatcher(executor.connection.connection, **_rows(asked, executor.meter.rows))
    back = go_back(executor, watcher, passes=(NotOnTheScratch,), seconds=asked["rollback_seconds"])
    return way_back_values(back)


def _rows(asked: dict[str, Any], rows: Any) -> dict[str, Any]:
    """Return what a DemandWatcher has to know of made-up rows; `rows` are YieldingRows, which go on yielding."""
    return {"without_rows": asked["without_rows"], "emptied": rows.emptied}


def _watchers(session: Any, asked: dict[str, Any], *, rows: dict[str, Any]) -> dict[str, Watcher]:
    """Return what else is looked at, by the names of the fields of MeasuredPlan."""
    from migrations_safety.measurement.application import ApplicationWatcher
    from migrations_safety.measurement.demands import DemandWatcher
    from migrations_safety.measurement.release import ReleaseWatcher
    from migrations_safety.measurement.remade import RemadeWatcher

    return {
        "demands": DemandWatcher(session, **rows),
        "application": ApplicationWatcher(session, asked["statements"]),
        "losses": ReleaseWatcher(session, asked["release"]),
        "remade": RemadeWatcher(session),
    }


def _migrate(executor: Any, asked: dict[str, Any]) -> str | None:
    """Adopt the baselines that `migrate` adopts, run the rest, and return the error that ended it early."""
    from migrations_safety.plan.pending_migrations import pending_migrations
    from migrations_safety.plan.targets import targets

    names = asked["app_label"], asked["migration_name"]
    if adopted := pending_migrations(executor, *names, fake_initial=asked["fake_initial"]).adopted:
        for migration in adopted:
            executor.recorder.record_applied(migration.app_label, migration.name)
        executor.loader.build_graph()
    try:
        executor.migrate(targets(executor, *names))
    except NotOnTheScratch:
        raise
    except Exception as failed:
        return _named(failed)
    return None


def _refuse_elsewhere(connection: Any, asked: dict[str, Any]) -> None:
    from migrations_safety.sql import statement

    found = connection.connection.execute(statement("child.where_it_is").encode()).fetchall()
    if found != [(asked["database"], asked["token"])]:
        raise NotOnTheScratch


def _named(error: Exception) -> str:
    from migrations_safety.messages.errors import sqlstate

    return sqlstate(error) or type(error).__name__


if __name__ == "__main__":
    main()
