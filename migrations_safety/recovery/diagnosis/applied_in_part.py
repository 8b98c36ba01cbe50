"""Finds migrations that are applied in part, step by step.

Operations run in their order, so a migration that was stopped has made what its first operations make, and nothing of
the others. The number of these operations is the one for which the catalog is as it would be. Where no number fits, as
after work by hand, each operation is judged by what it makes itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.migrations.operations import RunPython, RunSQL

from migrations_safety.plan.done_operations import HalfDone, half_done
from migrations_safety.plan.operation_effects import Effect, Element, is_repeatable
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.diagnosis.database_objects import DatabaseObjects, read_objects
from migrations_safety.recovery.diagnosis.recorded_migrations import Graph, label_of
from migrations_safety.recovery.diagnosis.report import StepOfMigration, StepsOfMigration

DONE, NOT_DONE, IN_PART, NOT_SEEN = "done", "not done", "in part", "not seen"
PATIENCE = 0.8
"""Seconds after which no further migration is followed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Half:
    """A migration that is applied in part, with what is needed to finish or to undo it."""

    steps: StepsOfMigration
    migration: Any
    state_before: Any
    """Django's ProjectState before the migration."""
    added: frozenset[Element]
    """What its operations that are done have made."""
    removed: frozenset[Element]
    """What they have removed."""
    begun: HalfDone | None = None
    """What `migrate --keep-dropped` has recorded of it; None where another command has begun it."""

    @property
    def is_whole(self) -> bool:
        """Whether all is done; what code or SQL has done to rows is not seen, so with such a step it is not known."""
        states = {one.state for one in self.steps.steps}
        unseen = (one for one in self.steps.steps if one.state == NOT_SEEN and one.number)
        acts = any(isinstance(self.migration.operations[(one.number or 1) - 1], RunPython | RunSQL) for one in unseen)
        return states <= {DONE, NOT_SEEN} and DONE in states and not acts

    @property
    def may_run_again(self) -> bool:
        """Whether `migrate` passes over what is done."""
        if self.begun:
            return not self.begun.unknown
        touched = (one for one in self.steps.steps if one.state in {DONE, IN_PART} and one.number)
        return all(is_repeatable(self.migration.operations[(one.number or 1) - 1]) for one in touched)


@dataclass(frozen=True, kw_only=True, slots=True)
class Halves:
    """The migrations that are applied in part; `left` are those that were not followed, because it took too long."""

    found: tuple[Half, ...] = ()
    left: tuple[str, ...] = ()


def halves(connection: Connection, graph: Graph, pending: Sequence[str]) -> Halves:
    """Follow the pending migrations with these labels, in their order."""
    end = time.monotonic() + PATIENCE
    state, recorded = graph.recorded_state(), dict[str, frozenset[Element]]()
    followed: list[tuple[Any, list[Effect], bool]] = []
    left: list[str] = []
    for migration in graph.plan():
        if time.monotonic() > end:
            left.append(label_of(migration))
            continue
        is_first = migration.app_label not in recorded
        recorded.setdefault(migration.app_label, graph.elements.of(state, migration.app_label))
        followed.append((migration, graph.elements.effects(migration, state), is_first))
    there = read_objects(connection, {one for _, effects, _ in followed for one in _touched(effects)})
    found, begun = [], {one.migration: one for one in half_done(connection) if not one.is_backwards}
    for migration, effects, is_first in followed:
        states = _states(there, effects, recorded[migration.app_label], is_first=is_first)
        if one := begun.get(label_of(migration)):
            states = _recorded_states(one, states)
        if label_of(migration) in pending and {DONE, IN_PART} & set(states):  # else a baseline, which is only recorded
            done = [effect for effect, one in zip(effects, states, strict=True) if one in {DONE, IN_PART}]
            removed = frozenset(one for effect in done for one in effect.removed)
            found.append(
                Half(
                    steps=_steps(migration, states),
                    migration=migration,
                    state_before=graph.state_before(migration),
                    added=frozenset(one for effect in done for one in effect.added),
                    removed=removed,
                    begun=begun.get(label_of(migration)),
                )
            )
    return Halves(found=tuple(found), left=tuple(left))


def _recorded_states(begun: HalfDone, states: Sequence[str]) -> list[str]:
    """Return the states as they are recorded; of an operation that had begun, what the catalog shows."""
    forwards = [
        DONE if number in begun.done else shown if number in begun.begun else NOT_DONE
        for number, shown in enumerate(states, start=1)
    ]
    back = {DONE: NOT_DONE, NOT_DONE: DONE}
    return [back.get(one, one) for one in forwards] if begun.is_backwards else forwards


def _touched(effects: Sequence[Effect]) -> frozenset[Element]:
    return frozenset(one for effect in effects for one in effect.added | effect.removed)


def _steps(migration: Any, states: Sequence[str]) -> StepsOfMigration:
    return StepsOfMigration(
        migration=label_of(migration),
        is_recorded=False,
        steps=tuple(
            StepOfMigration(number=number, what=operation.describe(), state=state)
            for number, (operation, state) in enumerate(zip(migration.operations, states, strict=True), start=1)
        ),
    )


def _states(
    there: DatabaseObjects, effects: Sequence[Effect], before: frozenset[Element], *, is_first: bool
) -> list[str]:
    """Return the state of each operation. With `is_first` no earlier migration of the app is pending.

    Otherwise only what an operation adds, and what the recorded migrations do not have, says that it was run.
    """
    touched = _touched(effects)
    if not is_first:
        return [_by_what_it_adds(effect, before, there) for effect in effects]
    present = frozenset(one for one in touched if there.has(one))
    is_broken = any(there.is_broken(one) for one in touched)
    fits = [] if is_broken else _fitting(effects, before & touched, present)
    if not fits:
        return [_alone(effect, there) for effect in effects]
    first, last = fits[0], fits[-1]
    return [DONE if at <= first else NOT_DONE if at > last else NOT_SEEN for at in range(1, len(effects) + 1)]


def _fitting(effects: Sequence[Effect], before: frozenset[Element], present: frozenset[Element]) -> list[int]:
    """Return the numbers of operations after which the database would be as it is."""
    expected, fits = before, [0] if before == present else []
    for number, effect in enumerate(effects, start=1):
        expected = (expected - effect.removed) | effect.added
        if expected == present:
            fits.append(number)
    return fits


def _alone(effect: Effect, there: DatabaseObjects) -> str:
    """Judge one operation by itself."""
    signs = [there.has(one) for one in effect.added] or [not there.has(one) for one in effect.removed]
    if any(there.is_broken(one) for one in effect.added):
        return IN_PART
    if not signs:
        return NOT_SEEN
    return DONE if all(signs) else IN_PART if any(signs) else NOT_DONE


def _by_what_it_adds(effect: Effect, before: frozenset[Element], there: DatabaseObjects) -> str:
    new = effect.added - before
    signs = [there.has(one) for one in new]
    if not signs:
        return NOT_SEEN
    return DONE if all(signs) else IN_PART if any(signs) else NOT_DONE


def steps_of_recorded(connection: Connection, graph: Graph, app: str) -> StepsOfMigration | None:
    """Return the steps of the last recorded migration of an app, if some of them are undone; else None."""
    loader = graph.executor.loader
    last = [key for key in loader.graph.nodes if key[0] == app and key in loader.applied_migrations]
    last = [key for key in last if not any(child.key in last for child in loader.graph.node_map[key].children)]
    if len(last) != 1:
        return None
    migration, elements = loader.get_migration(*last[0]), graph.elements
    state = loader.project_state(last[0], at_end=False)
    before = elements.of(state, app)
    effects = elements.effects(migration, state)
    states = _states(read_objects(connection, _touched(effects)), effects, before, is_first=True)
    for one in half_done(connection):
        if one.is_backwards and one.migration == label_of(migration):
            states = _recorded_states(one, states)
    if not {NOT_DONE, IN_PART} & set(states):
        return None
    return replace(_steps(migration, states), is_recorded=True)
