"""What a plan breaks for the release that is running, by rule, and when each migration belongs to the rollout.

The release that is running reads and writes what the models are before the plan: Django names every column in a SELECT
and in an INSERT. The release that follows does so with the models after the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from migrations_safety.plan.column_types import writes_value
from migrations_safety.plan.model_layouts import Layouts
from migrations_safety.plan.state_changes import Changes, ReleaseStep, Step


class Rollout(StrEnum):
    """When a migration belongs to the rollout of the new release."""

    BEFORE = "before"
    """It adds what the new release needs."""
    AFTER = "after"
    """The running release needs what it takes away."""
    EITHER = "either"
    BOTH = "both"
    """Parts of it belong before the rollout, and parts after it."""


BREAKS = frozenset({Step.DROPS, Step.RENAMES, Step.RETYPES, Step.NARROWS, Step.DEMANDS, Step.FORBIDS_NULL})
BEFORE = frozenset({Step.ADDS, Step.RENAMES, Step.RETYPES})
AFTER = BREAKS
LIMITS = frozenset({Step.REQUIRES, Step.CONSTRAINS})


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseChange:
    """One change that the running release notices. Table and column have the names in the database now."""

    kind: Step
    migration: str
    operation: int | None
    """The number of the operation in its migration, counted from 1; None where only the measurement told of it."""
    table: str
    column: str | None
    """None where the whole table is changed. A column that the plan creates has the name from the plan."""
    detail: str
    """The new name, the old and the new type, or the constraint."""
    blocks_new: bool
    """Whether the release that follows cannot add rows until this is done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MixedMigration:
    """A migration that fits neither before nor after the rollout, but whose operations can be split in two."""

    migration: str
    before: tuple[int, ...]
    """The numbers of the operations that belong before the rollout, counted from 1."""
    after: tuple[int, ...]
    """The numbers of the operations that belong after the rollout; a rename belongs to both."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningRelease:
    """What a plan means for the release that is running."""

    breaks: tuple[ReleaseChange, ...] = ()
    """What the running release cannot work with."""
    limits: tuple[ReleaseChange, ...] = ()
    """New constraints on existing tables, which the running release does not know."""
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    """When each migration belongs to the rollout, by its label. A migration that is missing belongs to either."""
    mixed: tuple[MixedMigration, ...] = ()
    """Migrations with operations that belong before the rollout and others that belong after it."""


def columns_of_release(state: Any, alias: str) -> dict[str, dict[str, bool]]:
    """The columns of the running release by table; `state` is Django's ProjectState before the plan.

    The value says whether Django writes NULL into the column where the code gives no value.
    """
    return {
        layout.table: {one.column: _writes_null(one.field) for one in layout.fields.values()}
        for layout in Layouts(alias).of(state).values()
    }


def _writes_null(field: Any) -> bool:
    return field is not None and not field.many_to_many and bool(field.null) and not writes_value(field)


def running_release(changes: Changes) -> RunningRelease:
    """What the changes of a plan mean for the release that is running."""
    noticed = [step for step in changes.release_steps if step.table.current_name is not None]
    times = _times(changes.release_steps)
    return RunningRelease(
        breaks=tuple(_changes(noticed, BREAKS)),
        limits=tuple(_changes(noticed, LIMITS)),
        rollouts={label: _rollout(operations.values()) for label, operations in times.items()},
        mixed=tuple(mixed for label, operations in times.items() if (mixed := _mixed(label, operations))),
    )


def _changes(steps: Iterable[ReleaseStep], kinds: frozenset[Step]) -> Iterator[ReleaseChange]:
    for step in steps:
        if step.kind in kinds and _concerns(step):
            assert step.table.current_name is not None
            yield ReleaseChange(
                kind=step.kind,
                migration=step.migration,
                operation=step.operation,
                table=step.table.current_name,
                column=(step.column.current_name or step.column.planned_name) if step.column else None,
                detail=step.detail,
                blocks_new=step.blocks_new,
            )


def _concerns(step: ReleaseStep) -> bool:
    """Whether the running release notices the step.

    Of a column that the plan itself creates it notices only that an INSERT without the column fails.
    """
    if step.column is None or step.column.current_name is not None:
        return True
    return step.kind is Step.DEMANDS and not step.column.is_dropped


def _times(steps: Iterable[ReleaseStep]) -> dict[str, dict[int, set[Rollout]]]:
    """For each migration, and each of its operations by number: whether it belongs before or after the rollout."""
    found: dict[str, dict[int, set[Rollout]]] = {}
    for step in steps:
        of_migration = found.setdefault(step.migration, {})
        times = of_migration.setdefault(step.operation, set())
        if step.kind in BEFORE:
            times.add(Rollout.BEFORE)
        if step.kind in AFTER and step.table.current_name is not None and _concerns(step):
            is_new = step.kind is Step.DEMANDS and Rollout.BEFORE in times  # an AddField, which the new release needs
            times |= set() if is_new else {Rollout.AFTER}
    return found


def _rollout(operations: Iterable[set[Rollout]]) -> Rollout:
    times = set().union(*operations)
    if len(times) == 2:
        return Rollout.BOTH
    return times.pop() if times else Rollout.EITHER


def _mixed(label: str, operations: dict[int, set[Rollout]]) -> MixedMigration | None:
    before = tuple(number for number, times in operations.items() if Rollout.BEFORE in times)
    after = tuple(number for number, times in operations.items() if Rollout.AFTER in times)
    is_separable = before != after and any(len(times) == 1 for times in operations.values())
    if not before or not after or not is_separable:
        return None
    return MixedMigration(migration=label, before=before, after=after)
