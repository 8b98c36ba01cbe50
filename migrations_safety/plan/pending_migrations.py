"""Which migrations `migrate` with its arguments only records as applied, which it runs, and which it rolls back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.plan.baseline import is_adopted, soft_applied
from migrations_safety.plan.targets import targets


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingMigrations:
    """The Migration objects that `migrate` handles, each list in the order in which `migrate` handles them."""

    adopted: list[Any]
    """Migrations that are recorded as applied and do not run: baselines whose tables exist, and with `--fake-initial`
    initial migrations whose tables exist."""
    running: list[Any]
    """Migrations that `migrate` runs."""
    unapplied: list[Any]
    """Migrations that `migrate` rolls back."""

    def state_before_running(self, executor: Any) -> Any:
        """Django's ProjectState after all migrations that are applied already, and those in `adopted`."""
        state = executor._create_project_state(with_applied_migrations=True)
        for migration in self.adopted:
            state = migration.mutate_state(state)
        return state


def pending_migrations(
    executor: Any, app_label: str | None = None, migration_name: str | None = None, *, fake_initial: bool = False
) -> PendingMigrations:
    """Return what `migrate [app_label] [migration_name]` does with which migration.

    Raises BaselineIncomplete where only a part of a baseline's tables exists. Raises CouldNotLook for an unknown app or
    migration, and for conflicting migrations.
    """
    steps = _steps(executor, app_label, migration_name)
    pending = [migration for migration, is_backwards in steps if not is_backwards]
    adopted = [migration for migration in pending if is_adopted(executor.connection, migration)]
    if fake_initial:
        adopted += soft_applied(executor, [migration for migration in pending if migration not in adopted])
    return PendingMigrations(
        adopted=adopted,
        running=[migration for migration in pending if migration not in adopted],
        unapplied=[migration for migration, is_backwards in steps if is_backwards],
    )


def _steps(executor: Any, app_label: str | None, migration_name: str | None) -> list[tuple[Any, bool]]:
    """Django's plan: pairs of a migration and whether it is rolled back. Raises an error where `migrate` does so."""
    executor.loader.check_consistent_history(executor.connection)
    if conflicts := executor.loader.detect_conflicts():
        named = "; ".join(f"{', '.join(names)} in {app}" for app, names in conflicts.items())
        problem = f"Conflicting migrations detected; multiple leaf nodes in the migration graph: ({named})."
        raise CouldNotLook(problem, hint="To fix them run 'python manage.py makemigrations --merge'")
    return list(executor.migration_plan(targets(executor, app_label, migration_name)))
