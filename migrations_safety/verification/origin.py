"""Why a table differs from its model: its migration is pending, none was made yet, or somebody changed the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_models import managed_models


class ModelStates:
    """The models as the applied migrations and as all migrations leave them, by their tables; read when asked for.

    Where the record of migrations may not be read, nothing is said about the origin of a difference.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        """The finding of a missing table, with the hint that makes the table where something is still to make it."""
        table = model._meta.db_table
        if self._executor is None:
            return finding
        if model._meta.app_label in self._executor.loader.unmigrated_apps:
            return replace(finding, hint=wording.WITHOUT_MIGRATIONS)
        if table in self._planned and table not in self._applied:
            return replace(finding, hint=wording.PENDING)
        return finding if table in self._planned else replace(finding, hint=wording.NOT_MADE)

    def explain(self, findings: list[Finding], model: Any, *, compare: Callable[[Any], list[Finding]]) -> list[Finding]:
        """The findings of one table; `compare` gives those of another state of its model.

        What the applied migrations left as it is differs from the model alone: a pending migration changes it, or none
        does so yet. What differs from both was changed in the database. That is told by comparing the table three
        times and not by reading operations, because operations of other apps and RunSQL say nothing of a state.
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
    """Models of apps without migrations have no relations there, so they are left out."""
    unmigrated = set(state.real_apps)
    models = [model for model in managed_models(state.apps) if model._meta.app_label not in unmigrated]
    return {model._meta.db_table: model for model in models}


def _names(findings: list[Finding]) -> set[tuple[str, str]]:
    return {_name(one) for one in findings}


def _name(finding: Finding) -> tuple[str, str]:
    return finding.id, finding.subject
