"""Measures the way back: what unapplying the plan does, on the scratch database where it was applied."""

from __future__ import annotations

import time
from typing import Any

from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.demands import DemandWatcher
from migrations_safety.measurement.executor import MeasuringExecutor
from migrations_safety.measurement.report import OnRows, WayBack
from migrations_safety.messages.errors import sqlstate
from migrations_safety.plan.irreversible import irreversible_operations

LOSSES = ("drop", "length", "cast", "enum")
"""The kinds of demands that take values away."""


class ReturningExecutor(MeasuringExecutor):
    """A MeasuringExecutor that keeps the state of the models before each migration, to go back to it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.steps: list[tuple[Any, Any]] = []

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply a migration, after its state before was kept."""
        before = state.clone()
        after = super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        self.steps.append((before, migration))
        return after


def go_back(executor: ReturningExecutor, watcher: DemandWatcher, *, passes: tuple[Any, ...], seconds: float) -> WayBack:
    """Unapply what the executor has applied, the last migration first, as far as it goes in that many seconds.

    `watcher` is a new one. Errors of the classes `passes` are raised; any other one ends the way back.
    """
    until = time.monotonic() + seconds
    watcher.before()
    executor.found, executor.after_each = [], [watcher.after]
    end: dict[str, Any] = {}
    for before, migration in reversed(executor.steps):
        if time.monotonic() > until:
            end = {"ends_in": str(migration), "is_cut_off": True}
            break
        if without_reverse := irreversible_operations([migration]):
            end = {"ends_in": str(migration), "operation": without_reverse[-1].number}
            break
        try:
            executor.unapply_migration(before, migration)
        except passes:
            raise
        except Exception as error:
            failed = executor.found[-1].failed if executor.found else None
            end = {"ends_in": str(migration), "operation": failed, "error": sqlstate(error) or type(error).__name__}
            break
    return WayBack(
        transactions=tuple(executor.found),
        loses=tuple(_rows_of(one) for one in watcher.found if one.kind in LOSSES),
        needs_no_rows=tuple(_rows_of(one) for one in watcher.found if _fails_with_rows(one)),
        **end,
    )


def _rows_of(demand: Demand) -> OnRows:
    return OnRows(migration=demand.migration, table=demand.table, columns=demand.columns, kind=demand.kind)


def _fails_with_rows(demand: Demand) -> bool:
    """Whether a column comes back NOT NULL and without a value, so that no row may be there."""
    is_new = all(one.before is None and one.constant is None and one.unknown is None for one in demand.sources)
    return demand.kind == "not_null" and bool(demand.sources) and is_new
