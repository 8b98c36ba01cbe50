"""Decides whether a plan has to be measured, and measures it before the precheck takes its snapshot.

The snapshot would be held open for seconds otherwise, and `VACUUM` of every table would wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.migrations.executor import MigrationExecutor

from migrations_safety.measurement.measurement import UNUSABLE, measure
from migrations_safety.measurement.report import NOT_ASKED, NOTHING_PENDING, NOTHING_TO_LOCK, MeasuredPlan, not_measured
from migrations_safety.measurement.statement_texts import without_values
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.plan import ScratchRefused
from migrations_safety.plan.pending_migrations import pending_migrations
from migrations_safety.plan.planned_migration import planned
from migrations_safety.plan.running_release import columns_of_release
from migrations_safety.postgresql.application_statements import read_statements
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.precheck.earlier import Circumstances, EarlierReport, circumstances
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.sql import statement

POOLED = "a pooler is between, and pg_dump would leave its search_path in a session that others get next"
IN_TRANSACTION = "a transaction is open on this connection, and no other session sees what it did"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurements:
    """The measurements of a plan, and what they depend on."""

    plan: MeasuredPlan
    circumstances: Circumstances | None = None
    """None where nothing was measured."""
    earlier: str = ""
    """A sentence that says whether the measurements of an earlier precheck were used; empty where there are none."""


def measured(
    connection: Connection, options: PrecheckOptions, progress: Progress, *, is_pooled: bool = False
) -> Measurements:
    """Return the measurements of the plan; where it was not measured, `reason` says why.

    With `is_pooled` a session of the server may be given to others after each transaction.

    Raises the same errors as reading the plan, for example CouldNotLook for an unknown app.
    """
    if not options.measure.is_wanted and not options.earlier:
        return Measurements(plan=not_measured(NOT_ASKED))
    if is_in_transaction(connection):
        return Measurements(plan=not_measured(IN_TRANSACTION))
    if is_pooled:
        return Measurements(plan=not_measured(POOLED))
    names = options.app_label, options.migration_name
    executor = MigrationExecutor(connection)
    pending = pending_migrations(executor, *names, fake_initial=options.fake_initial)
    migrations = [*pending.running, *pending.unapplied]
    if not migrations:
        return Measurements(plan=not_measured(NOTHING_PENDING))
    if not options.measure.scratch_url and not _holds_any_table(connection):
        return Measurements(plan=not_measured(NOTHING_TO_LOCK))
    now = circumstances(
        connection,
        [planned(one, connection.alias) for one in migrations],
        measures_python=options.measure.measure_python,
    )

    def measure_now() -> MeasuredPlan:
        progress.say("Measuring the plan on a scratch database …")
        return _measure(connection, options, state=pending.state_before_running(executor))

    if options.earlier is None:
        return Measurements(plan=measure_now(), circumstances=now)
    return _measured_earlier(options, options.earlier, now, measure_now)


def _measured_earlier(
    options: PrecheckOptions, earlier: EarlierReport, now: Circumstances, measure_now: Callable[[], MeasuredPlan]
) -> Measurements:
    """Use the measurements of an earlier precheck if nothing has changed since, else say what, and measure again."""
    changes = ["its plan was not measured"]
    if earlier.circumstances and earlier.measured.is_measured:
        changes = list(now.changes(earlier.circumstances))
    if not changes:
        sentence = f"The measurements of {earlier.file} are used: nothing that they depend on has changed."
        return Measurements(plan=earlier.measured, circumstances=now, earlier=sentence)
    plan = measure_now() if options.measure.is_wanted else not_measured(NOT_ASKED)
    sentence = f"The measurements of {earlier.file} are not used: {', '.join(changes)}."
    return Measurements(plan=plan, circumstances=now, earlier=sentence)


def _measure(connection: Connection, options: PrecheckOptions, *, state: Any) -> MeasuredPlan:
    """Measure the plan; `state` is Django's ProjectState before it.

    Raises ScratchRefused where the database of `--scratch-url` cannot be used.
    """
    plan = measure(
        connection,
        app_label=options.app_label,
        migration_name=options.migration_name,
        fake_initial=options.fake_initial,
        options=options.measure,
        statements=without_values(options.statements or read_statements(connection)),
        release=columns_of_release(state, connection.alias),
    )
    reason = str(plan.reason)
    if options.measure.scratch_url and not plan.is_measured and ("--scratch-url" in reason or UNUSABLE in reason):
        raise ScratchRefused(reason=reason)
    return plan


def _holds_any_table(connection: Connection) -> bool:
    """Whether the database has a table besides Django's record, the records of runs, and those of extensions."""
    with connection.cursor() as cursor:
        cursor.execute(statement("measuring.holds_any_table"), {})
        return bool(cursor.fetchone()[0])
