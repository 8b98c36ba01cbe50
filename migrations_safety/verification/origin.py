"""Finds out why a table differs from its model.

A migration may be pending, no migration may have been made yet, or somebody may have changed the database by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import CreateModel

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.plan.pending import Pending
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_models import managed_models


class ModelStates:
    """The models as the applied migrations leave them, and as all migrations leave them, by the names of their tables.

    Both are read when they are first needed. Where django_migrations cannot be read, findings keep their hints.
    `pending` is what the next `migrate` does on the same connection.
    """

    def __init__(self, connection: Connection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending

    @cached_property
    def _executor(self) -> Any:
        history = catalog.tables(self._connection, ["django_migrations"]).get("django_migrations")
        if history and not history.may_select:
            return None
        try:
            executor: Any = MigrationExecutor(self._connection)
            executor.loader.check_consistent_history(self._connection)
        except (InconsistentMigrationHistory, NodeNotFoundError):
            return None
        return executor

    @cached_property
    def _applied(self) -> dict[str, Any]:
        return _by_table(self._executor._create_project_state(with_applied_migrations=True))

    @cached_property
    def _planned(self) -> dict[str, Any]:
        return _by_table(self._executor.loader.project_state())

    def explain_missing_table(self, finding: Finding, model: Any) -> Finding:
        """Return the finding of a missing table with a hint that fits the reason why the table is missing.

        The reasons are: the app has no migrations, the migration is pending, `migrate` refuses to run it, or no
        migration was made.
        """
        table = model._meta.db_table
        if self._executor is None:
            return finding
        if model._meta.app_label in self._executor.loader.unmigrated_apps:
            return replace(finding, hint=wording.WITHOUT_MIGRATIONS)
        if table in self._planned and table not in self._applied:
            refusal = self._pending.refusal
            refused = refusal and wording.REFUSED.format(refusal=refusal, hint=refusal.hint)
            return replace(finding, hint=refused or wording.PENDING)
        return finding if table in self._planned else replace(finding, hint=wording.NOT_MADE)

    def made_by(self, model: Any) -> str | None:
        """Return the migration with the CreateModel of the model, as arguments of `sqlmigrate`; None for no such one.

        A model that was renamed, and the table of a many-to-many field, have none.
        """
        if self._executor is None:
            return None
        for (app_label, name), migration in sorted(self._executor.loader.disk_migrations.items()):
            made = {one.name_lower for one in migration.operations if isinstance(one, CreateModel)}
            if app_label == model._meta.app_label and model._meta.model_name in made:
                return f"{app_label} {name}"
        return None

    def explain(self, findings: list[Finding], model: Any, *, compare: Callable[[Any], list[Finding]]) -> list[Finding]:
        """Return the findings of one table with hints that fit their reason.

        `compare` takes the model in another state of the migrations and returns the findings for it. A table is
        compared with the current model, with the model that the applied migrations leave, and with the one that all
        migrations leave. What agrees with the applied migrations and differs from the model waits for a migration,
        which is pending or not yet made. What also differs from the applied migrations was changed in the database. The
        operations of migrations are not read, because those of other apps, and RunSQL, may not say what they change.
        """
        table = model._meta.db_table
        if not findings or self._executor is None or table not in self._applied:
            return findings
        drifted = _names(compare(self._applied[table]))
        if all(_name(one) in drifted for one in findings):
            return findings
        planned = _names(compare(self._planned[table])) if table in self._planned else set()
        return [one if _name(one) in drifted or one.level is Level.INFO else _hinted(one, planned) for one in findings]


def _hinted(finding: Finding, planned: set[tuple[str, str]]) -> Finding:
    return replace(finding, hint=wording.PENDING_CHANGE if _name(finding) in planned else wording.NOT_MADE)


def _by_table(state: Any) -> dict[str, Any]:
    """Return the models of a state by table, except those of apps without migrations, which have no relations there."""
    unmigrated = set(state.real_apps)
    models = [model for model in managed_models(state.apps) if model._meta.app_label not in unmigrated]
    return {model._meta.db_table: model for model in models}


def _names(findings: list[Finding]) -> set[tuple[str, str]]:
    return {_name(one) for one in findings}


def _name(finding: Finding) -> tuple[str, str]:
    return finding.id, finding.subject
