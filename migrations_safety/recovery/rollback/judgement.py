"""Judges a rollback before anything is changed: what it unapplies, what it would lose, and what forbids it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.migrations.executor import MigrationExecutor

from migrations_safety.audit.run_log import open_images
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import listed
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.messages.refusals.recovery import KeysNotApart
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.plan.targets import targets
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck import precheck
from migrations_safety.precheck.kept import with_kept
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.recovery.rollback.discard import Agreement, agreed
from migrations_safety.recovery.rollback.half_unapplied import HalfUnapplied, half_unapplied
from migrations_safety.recovery.rollback.loss_counts import Counted, Question, count_losses, questions
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.recovery.rollback.recorded_files import RecordedFiles
from migrations_safety.recovery.rollback.report import Loss, RollbackReport
from migrations_safety.recovery.rollback.unended import UnendedRun

COUNTED_HERE = frozenset({
    "tables.E007", "tables.W003", "rollback.E002", "rollback.W001", "rollback.E007", "rollback.W002", "rollback.W003",
})  # fmt: skip
"""Findings of the precheck about rows and values that go, which are counted more strictly here."""
DOES_NOT_FIT, FALLS, NOT_THERE = "rollback.E006", "rollback.W006", "rollback.E009"
"""Findings of the precheck: values that an older type does not take, what falls with a table, and what is missing."""
NOT_OF_A_ROLLBACK = ("references.", "application.")
"""How the ids of findings begin that speak of going forwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A rollback that was looked at, and in which steps it is done."""

    report: RollbackReport
    checksums: dict[str, str]
    """The checksums of the migrations' files, by label."""
    before_tables: tuple[str, ...]
    """The labels of the migrations that are unapplied before the first one that drops a table."""
    with_tables: tuple[str, ...]
    """The labels of the other migrations."""
    questions: tuple[Question, ...]
    """What is counted before it is dropped; nothing where it is kept."""
    agreement: Agreement
    halves: Mapping[str, HalfUnapplied]
    """By label the migrations of which a killed rollback has unapplied some operations."""
    code: tuple[str, ...]
    """The labels of the migrations whose code is watched, because nobody has accepted what it does."""
    oids: tuple[int, ...]
    """The numbers in the catalog of the tables that go."""


def judge(
    connection: Connection,
    target: Target,
    options: RollbackOptions,
    files: RecordedFiles,
    progress: Progress,
    *,
    before: UnendedRun | None = None,
) -> Judged:
    """Look at what the rollback would do, with the precheck of `migrate` backwards and a count of what is lost.

    `before` is the run with the same options that was killed.
    """
    seen = _seen(connection, options, progress)
    halves = half_unapplied(connection, [one.label for one in seen.plan.unapplied])
    falls = any(one.id == FALLS for one in seen.findings)
    seen = replace(seen, findings=tuple(_without_gone(connection, seen, options, halves)))
    asked = tuple(questions(connection, seen.inspected, keep_dropped=options.keep_dropped))
    counted = in_snapshot(connection, lambda: count_losses(connection, asked), progress=progress)
    agreement = agreed(connection, counted.losses, options, before)
    labels = [one.label for one in seen.plan.unapplied]
    first = _first_with_tables(seen, labels)
    code = tuple(_watched_code(seen, options))
    found = (
        *agreement.findings,
        *_not_castable(counted, seen),
        *_not_atomic(connection, code, options),
        *_beside(connection, seen, options, files.of_plan(options.app_label, falls)),
    )
    return Judged(
        report=_report(seen, options, target, losses=counted.losses, findings=found),
        checksums={one.label: one.checksum for one in seen.plan.unapplied},
        before_tables=tuple(labels[:first]),
        with_tables=tuple(labels[first:]),
        questions=asked,
        agreement=agreement,
        halves=halves,
        code=code,
        oids=tuple(seen.inspected.tables[name].oid for name in _tables(seen)),
    )


def _seen(connection: Connection, options: RollbackOptions, progress: Progress) -> PrecheckReport:
    """Return the report of the precheck of `migrate` backwards."""
    app_label, migration_name = _target(connection, options)
    looking = PrecheckOptions(app_label=app_label, migration_name=migration_name, measure=options.measure)
    seen = precheck.run(using=options.using, options=looking, progress=progress)
    _refuse_forwards(seen, options)
    return seen


def _target(connection: Connection, options: RollbackOptions) -> tuple[str, str]:
    return _keys_alone(connection, options) or (options.app_label, options.migration_name)


def _without_gone(
    connection: Connection, seen: PrecheckReport, options: RollbackOptions, halves: Mapping[str, HalfUnapplied]
) -> Iterator[Finding]:
    """Yield the findings without those of what is kept, and of what a killed rollback has dropped already."""
    gone = {subject for one in halves.values() for subject in one.gone}
    if options.keep_dropped:
        seen = with_kept(connection, seen, *_target(connection, options))
    return (one for one in seen.findings if one.id != NOT_THERE or one.subject not in gone)


def _report(
    seen: PrecheckReport,
    options: RollbackOptions,
    target: Target,
    *,
    losses: tuple[Loss, ...],
    findings: tuple[Finding, ...],
) -> RollbackReport:
    return RollbackReport(
        command=options.command,
        target=target,
        asked=(options.app_label, options.migration_name),
        unapplied=tuple(one.label for one in seen.plan.unapplied),
        tables=_tables(seen),
        other_apps=_other_apps(seen, options),
        losses=losses,
        findings=findings,
        measured=seen.review.measured,
        keys_only=options.keys_only,
        keep_dropped=options.keep_dropped,
    )


def _other_apps(seen: PrecheckReport, options: RollbackOptions) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.app for one in seen.plan.unapplied if one.app != options.app_label))


def _watched_code(seen: PrecheckReport, options: RollbackOptions) -> Iterator[str]:
    """Yield the labels of the migrations that run code which nobody has accepted."""
    for label in dict.fromkeys(one.migration for one in seen.plan.rollback.opaque):
        if label not in options.accepted_code:
            yield label


def _tables(seen: PrecheckReport) -> tuple[str, ...]:
    return tuple(one.table for one in seen.plan.rollback.tables if one.table in seen.inspected.tables)


def _beside(
    connection: Connection,
    seen: PrecheckReport,
    options: RollbackOptions,
    files: RecordedFiles,
) -> Iterator[Finding]:
    """Yield what was found besides losses: by the precheck, about files, other apps and references that stay NULL."""
    labels = [one.label for one in seen.plan.unapplied]
    yield from _files(files, labels)
    may_be_dropped = bool(seen.plan.rollback.opaque)  # by code of the rollback, which is asked at the drop
    for one in seen.findings:
        if one.id == FALLS and not may_be_dropped:
            yield wording.falls_with_it(one.subject, subject="what the rollback drops")
        elif one.id not in COUNTED_HERE and not one.id.startswith(NOT_OF_A_ROLLBACK):
            yield one
    yield from _others(_other_apps(seen, options), labels)
    yield from _nullified(connection, options)


def _not_castable(counted: Counted, seen: PrecheckReport) -> Iterator[Finding]:
    """Yield what PostgreSQL would refuse, where the precheck has not counted it already."""
    known = {one.subject for one in seen.findings if one.id == DOES_NOT_FIT}
    for one in counted.refused:
        assert one.column
        found = wording.not_castable(one.table, column=one.column, type=one.casts[-1], migration=one.migration)
        if found.subject not in known:
            yield found


def _not_atomic(connection: Connection, code: Sequence[str], options: RollbackOptions) -> Iterator[Finding]:
    """Yield the migrations whose code runs outside of a transaction, so that nobody could undo what it loses."""
    nodes: Any = MigrationExecutor(connection).loader.graph.nodes if code else {}
    for label in code:
        if not nodes[tuple(label.split(".", 1))].atomic:
            yield wording.code_outside_transaction(label, again=options.typed_with_numbers)


def _files(files: RecordedFiles, labels: Sequence[str]) -> Iterator[Finding]:
    for label in files.gone:
        yield wording.file_gone(label)
    for label in labels:
        if label in files.changed:
            yield wording.file_changed(label)
        if label in files.used:
            yield wording.source_used(label)


def _others(other_apps: Sequence[str], labels: Sequence[str]) -> Iterator[Finding]:
    for app in other_apps:
        yield wording.reaches_another_app(app, migrations=[one for one in labels if one.startswith(f"{app}.")])


def _nullified(connection: Connection, options: RollbackOptions) -> Iterator[Finding]:
    """Findings for references that stay NULL, because the keys alone go."""
    if options.keys_only:
        for images in open_images(connection):
            yield wording.stay_nullified(images.table, rows=images.count)


def _first_with_tables(seen: PrecheckReport, labels: Sequence[str]) -> int:
    """Return the position of the first migration that drops a table; after the last where none does."""
    return next((number for number, label in enumerate(labels) if _drops_tables(seen, label)), len(labels))


def _drops_tables(seen: PrecheckReport, label: str) -> bool:
    return any(one.migration == label for one in seen.plan.rollback.tables)


def _refuse_forwards(seen: PrecheckReport, options: RollbackOptions) -> None:
    """Raise CouldNotLook where `migrate` with the same arguments would apply something."""
    if pending := [*seen.plan.adopted, *seen.plan.migrations]:
        name = f"{options.app_label} {options.migration_name}"
        problem = f"{pending[0].label} is not applied, so there is nothing to roll back to {options.migration_name}."
        raise CouldNotLook(problem, hint=f"To apply it: python manage.py migrate {name}")


def _keys_alone(connection: Connection, options: RollbackOptions) -> tuple[str, str] | None:
    """Return the target at which the migrations of other apps that depend on this app are unapplied, and no others.

    Return None without `--keys-only`. Raises KeysNotApart where no single target does that.
    """
    if not options.keys_only:
        return None
    executor: Any = MigrationExecutor(connection)
    plan = [one for one, _ in executor.migration_plan(targets(executor, options.app_label, options.migration_name))]
    others = [one for one in plan if one.app_label != options.app_label]
    apps = {one.app_label for one in others}
    if len(apps) > 1:
        raise KeysNotApart(reason=f"migrations of {listed(sorted(apps))} depend on {options.app_label}")
    if not others:
        return options.app_label, _last_applied(executor, options.app_label)  # they are unapplied: nothing to do
    first = others[-1]
    before = next((name for app, name in first.dependencies if app == first.app_label), "zero")
    return first.app_label, before


def _last_applied(executor: Any, app_label: str) -> str:
    """Return the last applied migration of an app, `zero` where none is."""
    loader = executor.loader
    applied = [key for key in loader.applied_migrations if key[0] == app_label and key in loader.graph.node_map]
    last = [key for key in applied if not any(child.key in applied for child in loader.graph.node_map[key].children)]
    return str(last[0][1]) if last else "zero"
