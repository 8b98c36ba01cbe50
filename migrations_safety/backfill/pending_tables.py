"""Runs pending migrations that create the tables of the parents, with a `migrate` function that the caller passes."""

from __future__ import annotations

from typing import Protocol

from migrations_safety.backfill.parents import makers_on
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.backfill import TablesRefused
from migrations_safety.plan import planned_steps
from migrations_safety.postgresql.connection import Connection
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth, PrecheckReport


class Migrated(Protocol):
    """The part of a MigrateReport that the backfill needs."""

    @property
    def gate(self) -> PrecheckReport | None:
        """The report of the precheck that `migrate` ran first; None where no precheck ran."""

    @property
    def is_refused(self) -> bool:
        """Whether the precheck found something that blocks, so that nothing was changed."""


class Migrate(Protocol):
    """A function that runs the `migrate` of this package. It is passed in, so that the backfill does not import it."""

    def __call__(self, migration: tuple[str, str], /, *, using: str, progress: Progress) -> Migrated:
        """Migrate to one migration, given by app label and name, on the database alias `using`."""


def apply_pending_tables(connection: Connection, *, migrate: Migrate, progress: Progress) -> tuple[str, ...]:
    """Run the pending migrations that create the tables of the parents; return the labels of these migrations.

    Raises TablesRefused where the precheck of such a migration has blocking findings.
    """
    applied: list[str] = []
    for maker in makers_on(connection):
        app_label, name = maker.migration
        pending = planned_steps.read(connection, app_label=app_label, migration_name=name, forwards_only=True)
        if not (pending.migrations or pending.adopted):
            continue
        options = PrecheckOptions(app_label=app_label, migration_name=name, depth=Depth.CATALOG)
        _refuse_blocked(maker.migration, precheck.run(using=connection.alias, options=options))
        labels = [step.label for step in (*pending.adopted, *pending.migrations)]
        progress.say(f"The tables are pending; applying {', '.join(labels)} …")
        migrated = migrate(maker.migration, using=connection.alias, progress=progress)
        if migrated.gate and migrated.is_refused:
            _refuse_blocked(maker.migration, migrated.gate)
        applied += labels
    return tuple(applied)


def _refuse_blocked(migration: tuple[str, str], report: PrecheckReport) -> None:
    if report.blocking:
        blocking = (f"{finding.id} {finding.subject} {finding.message.rstrip('.')}" for finding in report.blocking)
        raise TablesRefused(migration=".".join(migration), findings="; ".join(blocking))
