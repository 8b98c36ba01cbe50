"""The precheck that `migrate` runs first, and the rollbacks that `migrate` refuses even without a precheck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.migrations.executor import MigrationExecutor

from migrations_safety.census import incremental
from migrations_safety.checks.plan import holds_anything
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.refusals.plan import BaselineHoldsRows, Irreversible, PlanWouldFail
from migrations_safety.migrate.options import Listener, MigrateOptions
from migrations_safety.plan import migration_plan, rollback_plan, targets
from migrations_safety.plan.rollback import Rollback
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.precheck import earlier, precheck
from migrations_safety.precheck.options import PrecheckOptions, TrafficOptions
from migrations_safety.precheck.report import PrecheckReport

WOULD_FAIL = frozenset({"plan.E001", "plan.E002", "plan.E004", "plan.E005", "plan.E006"})
"""Ids of findings that say that the plan cannot run as it is."""
SKIPPED = "--skip-precheck: no check ran before this migration. Verify the schema afterwards."


def ask_gate(connection: Connection, options: MigrateOptions, listener: Listener) -> PrecheckReport | None:
    """Run the precheck of what `migrate` is about to do, and return its report; None where no precheck runs.

    No precheck runs with `--skip-precheck`, which `listener` is told, and where no migration runs. Without a precheck,
    an operation that does not fit the models still fails before any migration is applied.

    Raises BaselineHoldsRows or Irreversible for a rollback (`refuse_rollback`), and PlanWouldFail for a plan that
    cannot run (`refuse_what_would_fail`). It also raises the errors of `precheck.run`.
    """
    if not options.runs_no_migration:
        refuse_rollback(connection, options)
    if options.skip_precheck:
        listener.notice(SKIPPED)
    if options.runs_no_migration:
        return None
    if options.skip_precheck:
        migration_plan.follow_models(connection, options.app_label, options.migration_name)
        return None
    gate = precheck.run(using=options.using, options=_looking_at(options), progress=listener.progress)
    refuse_what_would_fail(gate)
    if gate.review.earlier:
        listener.notice(gate.review.earlier)
    if gate.data.recount:
        listener.notice(f"{gate.data.recount}.")
    if not gate.blocking and not gate.plan.backwards:
        listener.notice(f"Gate: {gate.verdict}, {_named(gate.about_the_plan)}, none blocks.")
    return gate


def _named(findings: Sequence[Finding]) -> str:
    """Return the number of findings with their ids, at most three, each once; then how many others are accepted."""
    counted = [one for one in findings if not one.accepted]
    ids = [*dict.fromkeys(one.id for one in counted)]
    shown = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
    accepted = len(findings) - len(counted)
    words = pluralize(len(counted), "finding") + (f" ({shown})" if ids else "")
    return words + (f" and {accepted} accepted" if accepted else "")


def _looking_at(options: MigrateOptions) -> PrecheckOptions:
    return PrecheckOptions(
        app_label=options.app_label,
        migration_name=options.migration_name,
        fake_initial=options.fake_initial,
        keep_dropped=options.keep_dropped,
        scan=options.scan,
        before=incremental.read(options.census) if options.census else None,
        measure=replace(options.measure, rollback_seconds=0),
        traffic=TrafficOptions(max_stall=options.locks.max_stall, hot=options.locks.hot_tables),
        earlier=earlier.read(options.precheck) if options.precheck else None,
    )


def refuse_what_would_fail(gate: PrecheckReport) -> None:
    """Raise PlanWouldFail where all blocking findings say that the plan cannot run as it is."""
    if gate.blocking and all(finding.id in WOULD_FAIL for finding in gate.blocking):
        raise PlanWouldFail(gate.blocking)


def refuse_rollback(connection: Connection, options: MigrateOptions) -> None:
    """Raise BaselineHoldsRows where a rollback would drop tables with rows that existed before their baseline.

    With `--skip-precheck`, raise Irreversible where an operation of the rollback has no reverse. Nothing is changed in
    both cases.
    """
    executor: Any = MigrationExecutor(connection)
    steps = executor.migration_plan(targets.targets(executor, options.app_label, options.migration_name))
    unapplied = [migration for migration, is_backwards in steps if is_backwards]
    if any(hasattr(migration, "adopts") for migration in unapplied):
        _refuse_to_drop_baselines(connection, rollback_plan.read(executor, unapplied))
    if options.skip_precheck and (found := rollback_plan.irreversible(unapplied)):
        raise Irreversible(migration=found[0].migration, operation=str(found[0]))


def _refuse_to_drop_baselines(connection: Connection, rollback: Rollback) -> None:
    there = catalog.tables(connection, rollback.dropped)
    for migration, dropped in groupby(rollback.tables, key=attrgetter("migration")):
        names = [drop.table for drop in dropped if drop.is_baseline and drop.table in there]
        if holding := [name for name in names if holds_anything(connection, there[name])]:
            raise BaselineHoldsRows(migration=migration, tables=holding)
