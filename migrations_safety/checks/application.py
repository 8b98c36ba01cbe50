"""The check of what a plan breaks for the release that runs while `migrate` works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrations_safety.measurement.broken_statement import BrokenStatement
from migrations_safety.measurement.release_loss import ReleaseLoss
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.wording import application as wording
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.plan.running_release import BEFORE, ReleaseChange, Rollout
from migrations_safety.plan.state_changes import Step


def check_running_release(plan: Plan, measured: MeasuredPlan) -> list[Finding]:
    """Find what the running release cannot work with after the plan.

    The models before and after each operation tell it. The measurement adds what RunSQL takes away, and knows better
    where RunSQL keeps an old name, for example as a view.
    """
    found = [_break(change, is_backwards=plan.backwards) for change in _breaks(plan, measured)]
    for mixed in plan.running_release.mixed:
        found.append(wording.both_kinds(mixed.migration, before=_numbers(mixed.before), after=_numbers(mixed.after)))
    return [*found, *_limits(plan.running_release.limits)]


def _breaks(plan: Plan, measured: MeasuredPlan) -> list[ReleaseChange]:
    by_rule = list(plan.running_release.breaks)
    if not measured.is_measured or measured.losses is None:
        return by_rule
    opaque = {one.migration for one in measured.opaque}
    ran = {label for one in measured.transactions for label in one.migrations if not one.failed} - opaque
    lost = {(one.table, one.column) for one in measured.losses}
    kept = [one for one in by_rule if one.migration not in ran or not _is_refuted(one, lost)]
    told = {(one.table, one.column) for one in by_rule}
    return kept + [_change(one) for one in measured.losses if (one.table, one.column) not in told]


def _is_refuted(change: ReleaseChange, lost: set[tuple[str, str | None]]) -> bool:
    """Whether the release still finds the table or column under its name after the plan ran on the scratch database."""
    is_lost = lost & {(change.table, change.column), (change.table, None)}
    return change.kind in (Step.DROPS, Step.RENAMES) and not is_lost


def _change(loss: ReleaseLoss) -> ReleaseChange:
    return ReleaseChange(
        kind=Step(loss.kind),
        migration=loss.migration,
        operation=None,
        table=loss.table,
        column=loss.column,
        detail=loss.detail,
        blocks_new=False,
    )


def check_statements(measured: MeasuredPlan) -> list[Finding]:
    """Find statements of the application that fail after a migration; say how many were examined, or why none was."""
    asked = measured.statements
    if not measured.is_measured or asked is None:
        return []
    if asked.reason:
        return [wording.not_examined(because=asked.reason)]
    groups: dict[tuple[str, str], list[BrokenStatement]] = {}
    for broken in measured.application:
        groups.setdefault((broken.because_of or "", broken.breaks_with), []).append(broken)
    examined = wording.examined(
        source=asked.source,
        statements=len(asked.statements),
        since=asked.since or "",
        left_out=", ".join(f"{number:,} {why}" for why, number in asked.left_out),
    )
    return [*(_failing(migration, code, group) for (migration, code), group in groups.items()), examined]


def rollouts(plan: Plan, measured: MeasuredPlan) -> dict[str, Rollout]:
    """When each migration of the plan belongs to the rollout of the new release, by its label.

    A migration with which a statement of the application fails belongs after it, whatever the models say.
    """
    labels = [one.label for one in (*plan.unapplied, *plan.migrations)]
    found = dict.fromkeys(labels, Rollout.EITHER) | plan.running_release.rollouts
    dropped = {one.migration for one in plan.rollback.tables} | {one.migration for one in plan.rollback.columns}
    found |= dict.fromkeys(dropped, Rollout.AFTER)
    for change in _breaks(plan, measured):
        if change.operation is None:
            found[change.migration] = Rollout.BOTH if change.kind in BEFORE else Rollout.AFTER
    for broken in measured.application:
        before = found.get(str(broken.because_of))
        found[str(broken.because_of)] = Rollout.BOTH if before in (Rollout.BEFORE, Rollout.BOTH) else Rollout.AFTER
    return found


def _failing(migration: str, code: str, group: list[BrokenStatement]) -> Finding:
    known = [one.calls for one in group if one.calls is not None]
    return wording.statements_fail(
        migration,
        statements=len(group),
        calls=pluralize(sum(known), "call") if known else "",
        code=code,
        example=max(group, key=lambda one: one.calls or 0).statement,
    )


def _break(change: ReleaseChange, *, is_backwards: bool) -> Finding:
    where: dict[str, Any] = {"migration": change.migration, "operation": change.operation}
    subject, is_column = _subject(change), change.column is not None
    if change.kind is Step.DROPS:
        return wording.dropped(
            subject, is_column=is_column, blocks_new=change.blocks_new, is_backwards=is_backwards, **where
        )
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
