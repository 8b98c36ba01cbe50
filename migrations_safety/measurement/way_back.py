"""Measures the way back: what unapplying the plan does, on the scratch database where it was applied."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.demands import DemandWatcher
from migrations_safety.measurement.executor import MeasuringExecutor
from migrations_safety.measurement.report import OnRows, WayBack
from migrations_safety.messages.errors import sqlstate
from migrations_safety.plan.irreversible import irreversible_operations

LOSSES = ("drop", "length", "cast", "enum")
"""The kinds of demands that take values away."""

MOST_BUILT = 30
"""Of how many migrations the models stay built, the latest ones: those of a hundred tables take about 7 MB each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A migration that was applied, with the states of the models before it and after each of its operations."""

    migration: Any
    before: Any
    after: dict[int, Any]

    def forget_models(self) -> None:
        """Drop the models that Django has built for these states; it builds them again where it needs them."""
        for state in (self.before, *self.after.values()):
            vars(state).pop("apps", None)


class ReturningExecutor(MeasuringExecutor):
    """A MeasuringExecutor that keeps the states of the models of each migration, to go back to them.

    To build the models of a state takes most of the time, where all of them hang together. So on the way back those
    are used that were built on the way there.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.steps: list[Step] = []

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply a migration, and keep its states."""
        step = Step(migration=migration, before=state.clone(), after={})

        def kept(number: int, forwards: Callable[..., None]) -> Callable[..., None]:
            def forwards_and_kept(app_label: str, state: Any) -> None:
                forwards(app_label, state)
                step.after[number] = state.clone()

            return forwards_and_kept

        with _states_forwards(migration.operations, kept):
            result = super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        self.steps.append(step)
        if len(self.steps) > MOST_BUILT:
            self.steps[-MOST_BUILT - 1].forget_models()
        return result

    def unapply_step(self, step: Step) -> None:
        """Unapply a migration with the states that were kept."""

        def recalled(number: int, forwards: Callable[..., None]) -> Callable[..., None]:
            def recall(app_label: str, state: Any) -> None:
                if number not in step.after:
                    forwards(app_label, state)
                    return
                vars(state).clear()
                vars(state).update(vars(step.after[number].clone()))

            return recall

        with _states_forwards(step.migration.operations, recalled):
            self.unapply_migration(step.before, step.migration)


@contextmanager
def _states_forwards(
    operations: list[Any], wrapped: Callable[[int, Callable[..., None]], Callable[..., None]]
) -> Iterator[None]:
    """Wrap how each operation changes the state of the models."""
    for number, operation in enumerate(operations):
        operation.state_forwards = wrapped(number, operation.state_forwards)
    try:
        yield
    finally:
        for operation in operations:
            del operation.state_forwards


def go_back(executor: ReturningExecutor, watcher: DemandWatcher, *, passes: tuple[Any, ...], seconds: float) -> WayBack:
    """Unapply what the executor has applied, the last migration first, as far as it goes in that many seconds.

    `watcher` is a new one. Errors of the classes `passes` are raised; any other one ends the way back.
    """
    until = time.monotonic() + seconds
    watcher.before()
    executor.found, executor.after_each = [], [watcher.after]
    end: dict[str, Any] = {}
    for step in reversed(executor.steps):
        migration = step.migration
        if time.monotonic() > until:
            end = {"ends_in": str(migration), "is_cut_off": True}
            break
        if without_reverse := irreversible_operations([migration]):
            end = {"ends_in": str(migration), "operation": without_reverse[-1].number}
            break
        try:
            executor.unapply_step(step)
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
