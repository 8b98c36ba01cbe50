"""Writes one `migrate` into the record of runs: its migrations with their checksums, and the result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.audit.migration_history import History
from migrations_safety.audit.run_log import StandsOn, recorded_run
from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.migrate.options import MigrateOptions
from migrations_safety.plan import targets
from migrations_safety.plan.migration_sources import sources_of
from migrations_safety.plan.planned_migration import planned
from migrations_safety.postgresql.connection import Connection


@contextmanager
def recorded(
    history: History,
    steps: dict[str, str],
    *,
    arguments: dict[str, Any],
    watchdog: Watchdog | None = None,
    stands_on: StandsOn | None = None,
) -> Iterator[None]:
    """Record the work of the block as one run; record nothing where there is nothing to do.

    `steps` maps the label of each migration to its checksum. `arguments` are the options of the command, `watchdog`
    gives the lock waits of other sessions, `stands_on` the backup and the rehearsal behind the run.
    """
    if not steps and not history.makes_tables:
        yield
        return
    sources = sources_of(label for label in steps if label not in history.before)
    with recorded_run(
        history.connection,
        command="migrate",
        arguments=arguments,
        checksums=steps,
        stands_on=_behind(stands_on, history),
        sources=sources,
        goes_back=any(label in history.before for label in steps),
    ) as run:
        history.run_id = run.id
        try:
            yield
        finally:
            run.counts = _counts(history, watchdog)
            with suppress(DatabaseError):  # where the connection is gone
                run.counts["applied_after"] = len(history.now())
                run.done = history.done()


def _counts(history: History, watchdog: Watchdog | None) -> dict[str, Any]:
    """Return the figures of the run that need no look at the database, which may be gone."""
    counts: dict[str, Any] = {"lock_waits": watchdog.figures()} if watchdog else {}
    counts["applied_before"] = len(history.before)
    if history.rehearsed and history.took:
        whole = round(time.monotonic() - history.began, 3)
        counts["forecast"] = history.rehearsed.beside(history.took, whole=whole)
    if history.elsewhere:
        counts["elsewhere"] = dict(history.elsewhere)
    return counts


def _behind(stands_on: StandsOn | None, history: History) -> StandsOn:
    """Return what stands behind the run: the backup, and the rehearsal that the gate has let pass."""
    return replace(stands_on or StandsOn(), rehearsal=history.rehearsed.stands_on() if history.rehearsed else None)


def steps_of_records(connection: Connection, options: MigrateOptions) -> dict[str, str]:
    """The migrations whose rows in `django_migrations` `--fake` or `--prune` will change, for `recorded`.

    These are labels with checksums. A checksum is empty for `--prune`, where the files of the migrations are gone.
    """
    if not (options.fake or options.prune):
        return {}
    executor: Any = MigrationExecutor(connection)
    if options.prune:
        gone = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
        return {f"{app}.{name}": "" for app, name in sorted(gone) if app == options.app_label}
    steps = executor.migration_plan(targets.targets(executor, options.app_label, options.migration_name))
    found = (planned(migration, connection.alias) for migration, _ in steps)
    return {step.label: step.checksum for step in found}
