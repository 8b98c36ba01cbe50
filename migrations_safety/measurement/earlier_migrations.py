"""Brings an empty database to the state before the newer migrations, in a process of its own, as Django's migrate does.

The command is `python -m migrations_safety.measurement.earlier_migrations`. The process reads its task as JSON from
stdin, and writes what it did as JSON to the file that the task names.

Code of old migrations runs, because later ones may build on what it makes; it reaches neither the network nor another
database. RunPython, RunSQL and CreateExtension that fail on an empty database are passed over and named.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import django

from migrations_safety.measurement.child import collect_garbage_less_often, end_with, write_answer
from migrations_safety.measurement.closed_network import close_network


def main() -> None:
    """Read the task from stdin, apply the earlier migrations, and write what was passed over, or what failed."""
    from migrations_safety.messages.errors import describe_error

    end_with(os.getppid())
    collect_garbage_less_often()
    asked = json.load(sys.stdin)
    try:
        django.setup()
        close_network()
        gc.freeze()
        answer: dict[str, Any] = {
            "passed_over": _apply(asked["alias"], {(app, name) for app, name in asked["without"]})
        }
    except Exception as failed:
        answer = {"failed": describe_error(failed)}
    write_answer(asked, answer)


def _apply(alias: str, without: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """Apply all migrations but some, as the code before those had them, and return what was passed over."""
    from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader

    from migrations_safety.postgresql.connection import connection_of

    class EarlierLoader(MigrationLoader):
        def load_disk(self) -> None:
            super().load_disk()
            self.disk_migrations = {key: one for key, one in self.disk_migrations.items() if key not in without}

    connection = connection_of(alias)
    tolerance = _Tolerance()
    with tolerance.of("prepare_database", connection):
        connection.prepare_database()
    executor: Any = MigrationExecutor(connection, tolerance.note_migration)
    executor.loader = EarlierLoader(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    signals: dict[str, Any] = {"verbosity": 0, "interactive": False, "db": alias}
    before = executor._create_project_state(with_applied_migrations=True)
    with tolerance.of("pre_migrate", connection):
        emit_pre_migrate_signal(**signals, apps=before.apps, plan=plan)
    with _tolerant_operations(tolerance):
        after = executor.migrate(executor.loader.graph.leaf_nodes(), plan, state=before.clone())
    with tolerance.of("post_migrate", connection):
        emit_post_migrate_signal(**signals, apps=after.apps, plan=plan)
    return tolerance.passed_over


class _Tolerance:
    """Passes over what fails, and notes it."""

    def __init__(self) -> None:
        self.migration = ""
        self.passed_over: list[dict[str, Any]] = []

    def note_migration(self, action: str, migration: Any = None, fake: Any = False) -> None:
        """Note which migration runs; the executor calls this before and after each."""
        self.migration = str(migration or "")

    @contextmanager
    def of(self, what: str, connection: Any) -> Iterator[None]:
        """Run the block, in a savepoint if a transaction is open; pass over and note what fails there."""
        from django.db.transaction import atomic

        from migrations_safety.messages.errors import explain

        own = atomic(using=connection.alias) if connection.in_atomic_block else nullcontext()
        try:
            with own:
                yield
        except Exception as failed:
            self.note(what, reason=explain(failed)[0])

    def note(self, what: str, *, reason: str) -> None:
        """Note that something was passed over in the migration that runs."""
        self.passed_over.append({"migration": self.migration, "what": what, "reason": reason})


@contextmanager
def _tolerant_operations(tolerance: _Tolerance) -> Iterator[None]:
    """Run the block with operations that run code or SQL of the project passed over where they fail."""
    from django.contrib.postgres.operations import CreateExtension
    from django.db.migrations.operations import RunPython, RunSQL

    from migrations_safety.measurement.passed_over import reaches_outside

    def tolerant(run: Callable[..., None]) -> Callable[..., None]:
        def forwards(self: Any, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
            what = type(self).__name__
            if isinstance(self, RunSQL) and reaches_outside(self):
                tolerance.note(what, reason="its SQL reaches outside of the database")
                return
            with tolerance.of(what, schema_editor.connection):
                run(self, app_label, schema_editor, from_state, to_state)

        return forwards

    with ExitStack() as stack:
        kinds: tuple[Any, ...] = (RunPython, RunSQL, CreateExtension)
        for kind in kinds:
            run = kind.database_forwards
            stack.callback(setattr, kind, "database_forwards", run)
            kind.database_forwards = tolerant(run)
        yield


if __name__ == "__main__":
    main()
