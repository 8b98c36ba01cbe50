"""Unapplies migrations with Django's executor, on the lock ladder: those before the tables first, then the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal

from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.executor import SafeExecutor
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.rollback.half_unapplied import HalfUnapplied


@dataclass(frozen=True, kw_only=True, slots=True)
class Unapplying:
    """Unapplies migrations of one database; `on_run` is called with the label of each."""

    connection: Connection
    on_run: Callable[[str], None]
    progress: Progress
    halves: Mapping[str, HalfUnapplied]
    """By label the migrations of which some operations were unapplied already."""
    before_each: Callable[[str], None]
    """Called with the label of each migration before it is unapplied."""

    def unapply(self, labels: Sequence[str]) -> None:
        """Unapply the migrations with these labels, in this order; those that are not applied are left out.

        The signals that Django's `migrate` sends before and after are sent, too.
        """
        report: Any = self._report
        executor: Any = SafeExecutor(self.connection, report)
        applied = {f"{app}.{name}": migration for (app, name), migration in executor.loader.applied_migrations.items()}
        nodes = executor.loader.graph.nodes
        plan = [(self._rest(nodes[tuple(label.split(".", 1))], label), True) for label in labels if label in applied]
        if not plan:
            return
        state = executor._create_project_state(with_applied_migrations=True)
        self._signal(emit_pre_migrate_signal, state, plan)
        executor.migrate(None, plan=plan)
        after: Any = SafeExecutor(self.connection)
        self._signal(emit_post_migrate_signal, after._create_project_state(with_applied_migrations=True), plan)

    def _rest(self, migration: Any, label: str) -> Any:
        half = self.halves.get(label)
        return half.rest_of(migration) if half else migration

    def _signal(self, emit: Callable[..., None], state: Any, plan: list[tuple[Any, bool]]) -> None:
        emit(0, False, self.connection.alias, apps=state.apps, plan=plan)

    def _report(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action == "unapply_start":
            self.before_each(str(migration))
            self.progress.say(f"Unapplying {migration} …")
        elif action == "unapply_success":
            self.on_run(str(migration))
