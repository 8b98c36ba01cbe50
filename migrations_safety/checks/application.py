"""The check of what a plan breaks for the release that runs while `migrate` works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import application as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.running_release import ReleaseChange
from migrations_safety.plan.state_changes import Step
from migrations_safety.postgresql.connection import Connection


def check_running_release(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find what the running release cannot work with after the plan, by the models before and after each operation."""
    release = inspected.plan.running_release
    found = [_break(change) for change in release.breaks]
    for mixed in release.mixed:
        found.append(wording.both_kinds(mixed.migration, before=_numbers(mixed.before), after=_numbers(mixed.after)))
    return [*found, *_limits(release.limits)]


def _break(change: ReleaseChange) -> Finding:
    where: dict[str, Any] = {"migration": change.migration, "operation": change.operation}
    subject, is_column = _subject(change), change.column is not None
    if change.kind is Step.DROPS:
        return wording.dropped(subject, is_column=is_column, blocks_new=change.blocks_new, **where)
    if change.kind is Step.RENAMES:
        return wording.renamed(subject, name=change.detail, is_column=is_column, **where)
    if change.kind is Step.DEMANDS:
        return wording.value_missing(subject, **where)
    if change.kind is Step.FORBIDS_NULL:
        return wording.null_forbidden(subject, **where)
    return wording.retyped(subject, types=change.detail, is_narrower=change.kind is Step.NARROWS, **where)


def _limits(limits: Iterable[ReleaseChange]) -> Iterator[Finding]:
    by_migration: dict[str, list[str]] = {}
    for change in limits:
        what = "NOT NULL" if change.kind is Step.REQUIRES else change.detail
        by_migration.setdefault(change.migration, []).append(f"{what} on {_subject(change)}")
    for migration, constraints in by_migration.items():
        yield wording.new_constraints(migration, constraints=constraints)


def _subject(change: ReleaseChange) -> str:
    return f'{change.table}."{change.column}"' if change.column else change.table


def _numbers(numbers: tuple[int, ...]) -> str:
    *first, last = (str(number) for number in numbers)
    return f"operations {', '.join(first)} and {last}" if first else f"operation {last}"
