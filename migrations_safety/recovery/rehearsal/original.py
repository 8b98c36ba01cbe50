"""Looks at the database before a copy is made of it: what it is, and what a deploy would do there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db import router
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.migrate.own_tables import only_own_tables
from migrations_safety.plan import migration_plan
from migrations_safety.postgresql.catalog_fingerprint import catalog_fingerprint, database_identity
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.snapshot import snapshot
from migrations_safety.postgresql.target import Target
from migrations_safety.recovery.rehearsal.forecast import EarlierDeploy, earlier_deploys
from migrations_safety.recovery.rehearsal.options import RehearsalOptions
from migrations_safety.recovery.rehearsal.report import Basis
from migrations_safety.recovery.rehearsal.way_back import targets_before
from migrations_safety.sql import statement


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """What is known of the database before a copy is made of it."""

    target: Target
    plan: migration_plan.Plan
    way_back: tuple[tuple[str, str], ...]
    """The apps and the migrations to go back to, in their order."""
    apps_with_tables: tuple[str, ...]
    """The apps of the plan whose tables are verified."""
    basis: Basis
    stays_pending: int
    """How many migrations of the project are pending, and no part of the plan."""
    bytes: int
    earlier: tuple[EarlierDeploy, ...]


def look_at(connection: Connection, target: Target, options: RehearsalOptions) -> Original:
    """Look at the database in one snapshot."""
    with snapshot(connection), only_own_tables(connection):
        plan = migration_plan.read(connection, app_label=options.app_label, migration_name=options.migration_name)
        executor = MigrationExecutor(connection)
        cluster, oid = database_identity(connection)
        planned = {step.label for step in (*plan.adopted, *plan.migrations)}
        others = [
            one for one, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
            if f"{one.app_label}.{one.name}" not in planned
        ]  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(statement("original.size"))
            size = int(cursor.fetchone()[0])
        return Original(
            target=target,
            plan=plan,
            way_back=targets_before(executor, plan),
            apps_with_tables=_with_tables(connection, sorted({step.app for step in plan.migrations})),
            stays_pending=len(others),
            bytes=size,
            earlier=earlier_deploys(connection),
            basis=Basis(
                system_identifier=cluster,
                database_oid=oid,
                server_major=connection.pg_version // 10000,
                migrations={step.label: step.checksum for step in (*plan.adopted, *plan.migrations)},
                catalog=catalog_fingerprint(connection),
                catalog_before_migrate=None,
                rows={},
            ),
        )


def _with_tables(connection: Connection, labels: Sequence[str]) -> tuple[str, ...]:
    """Return the apps that have tables of their own; one with nothing but SQL has none to be verified."""
    installed = {one.label: one for one in apps.get_app_configs()}
    found = [one for one in labels if one in installed]
    return tuple(one for one in found if router.get_migratable_models(installed[one], connection.alias))
