"""Runs a whole deploy and its rollback on a copy of the database, and compares the rows with those from before.

The copy is filled once and cloned for each run. The first run goes there and back, with nobody else on the copy. In the
second one sessions write to the tables that the first one locked.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

from django.utils.timezone import now

from migrations_safety.backup.source import refuse_out_of_reach
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.target import PoolerRefused
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.copies import REHEARSAL, CopiedDatabase, CopyOf, copied_database
from migrations_safety.postgresql.database_locale import locale_of
from migrations_safety.postgresql.second_connection import connection_parameters
from migrations_safety.postgresql.target import REFUSED_POOLERS, connect
from migrations_safety.recovery.rehearsal.archives import ReadyArchive, ready_archive
from migrations_safety.recovery.rehearsal.carried_settings import acting_objects
from migrations_safety.recovery.rehearsal.clones import GivenClones
from migrations_safety.recovery.rehearsal.copies_left import copies_left, noted_server, tell_copies_left
from migrations_safety.recovery.rehearsal.copying import Filled, fill_copy
from migrations_safety.recovery.rehearsal.digests import Digest, differing, digests
from migrations_safety.recovery.rehearsal.forecast import with_forecast
from migrations_safety.recovery.rehearsal.judgement import VERIFY, has_failed, judge
from migrations_safety.recovery.rehearsal.keys_only.filling import KeysOnlyCopy
from migrations_safety.recovery.rehearsal.keys_only.planned import keys_only_copy
from migrations_safety.recovery.rehearsal.options import RehearsalOptions
from migrations_safety.recovery.rehearsal.original import Original, look_at
from migrations_safety.recovery.rehearsal.place import CopyPlace, copy_place, errors_of_copies, place_of_clones
from migrations_safety.recovery.rehearsal.report import RehearsalReport, Stall, Step
from migrations_safety.recovery.rehearsal.schema_of_copy import schema_of
from migrations_safety.recovery.rehearsal.steps import Stage
from migrations_safety.recovery.rehearsal.theater import Theater
from migrations_safety.recovery.rehearsal.writers import writing

READING = frozenset({"precheck", VERIFY})
"""Steps that write nothing; `migrate` looks at the same as `precheck` by itself."""


@dataclass(kw_only=True)
class Result:
    """What the first run has shown."""

    stage: Stage
    before: dict[str, Digest]
    after: dict[str, Digest] | None = None
    schema_is_back: bool | None = None
    refused: tuple[Step, ...] = ()
    catalog_before_migrate: str | None = None


def run(options: RehearsalOptions, *, progress: Progress) -> RehearsalReport:
    """Rehearse the deploy of the pending migrations, and return what was seen.

    The database itself is only read. Raises NoCopy where there can be no copy, and what `connect` raises.
    """
    connection = connection_of(options.using)
    target = connect(connection, expect_database=options.expect_database, expect_schema=options.expect_schema)
    catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
    if target.pooler in REFUSED_POOLERS:
        raise PoolerRefused(name=target.name, pooler=target.pooler)
    original = look_at(connection, target, options)
    archive = ready_archive(options.backup, name=target.name, basis=original.basis) if options.backup else None
    if not original.basis.migrations:
        return _empty(original, options)
    report = _on_some_copy(connection, original, options, progress, archive)
    left = (*report.not_removed, *copies_left(_copy_of(original)))
    return replace(report, not_removed=tuple(dict.fromkeys(left)))


def _on_some_copy(
    connection: Connection,
    original: Original,
    options: RehearsalOptions,
    progress: Progress,
    archive: ReadyArchive | None,
) -> RehearsalReport:
    if options.clone_command:
        return _on_given(connection, original, options, progress)
    tell_copies_left(_copy_of(original), progress)
    if archive is None:
        refuse_out_of_reach(connection, role=original.target.role, wanted="copy")
    with (
        copy_place(connection, _copy_of(original), url=options.scratch_url, keep=options.keep) as place,
        errors_of_copies(place),
        noted_server(place, _copy_of(original)),
    ):
        return _rehearse(connection, original, place, options, progress, archive)


def _rehearse(
    connection: Connection,
    original: Original,
    place: CopyPlace,
    options: RehearsalOptions,
    progress: Progress,
    archive: ReadyArchive | None,
) -> RehearsalReport:
    made = _copy_of(original)
    reduced = keys_only_copy(connection, original, options, progress=progress) if options.keys_only else None
    with copied_database(place.parameters, of=made, made_for=REHEARSAL, locale=locale_of(connection)) as first:
        progress.say("Restoring the backup …" if archive else "Copying the database …")
        began = time.monotonic()
        filled = _fill(connection, first, place, archive or reduced)
        if archive:
            basis = archive.basis_of(first, filled, place=place, basis=original.basis)
            original = replace(original, basis=basis)
        to_copy, began = time.monotonic() - began, time.monotonic()
        theater = Theater(connection, original, place, options, made, first, progress)
        report = _perform(theater, filled, began)
        used = archive.used if archive else None
        return replace(report, seconds_to_copy=round(to_copy, 3), backup=used)


def _on_given(
    connection: Connection, original: Original, options: RehearsalOptions, progress: Progress
) -> RehearsalReport:
    """Rehearse on copies that a command of the caller makes, one for each run."""
    assert options.clone_command is not None
    given = GivenClones(
        connection=connection,
        command=options.clone_command,
        cleanup=options.clone_cleanup_command,
        of=_copy_of(original),
        basis=original.basis,
        name=original.target.name,
        progress=progress,
    )
    given.remove_left()
    tell_copies_left(given.of, progress)
    place = place_of_clones(connection)
    theater = Theater(connection, original, place, options, _copy_of(original), None, progress, given)
    progress.say("Asking for a copy …")
    report = _perform(theater, Filled(left_out=(), not_restored=()), time.monotonic())
    return replace(report, copy_version=given.version, not_removed=tuple(given.not_removed))


def _copy_of(original: Original) -> CopyOf:
    basis = original.basis
    return CopyOf(oid=basis.database_oid, system_identifier=basis.system_identifier, name=original.target.name)


def _perform(theater: Theater, filled: Filled, began: float) -> RehearsalReport:
    """Run there and back, then beside sessions that write, and judge."""
    options = theater.options
    with theater.clone(keep=options.keep) as copy:
        to_clone = time.monotonic() - began
        result = _there_and_back(theater, copy)
    stalls, other = _under_load(theater, result)
    stages = [result.stage, *([other] if other else [])]
    report = replace(
        _report(theater.original, theater.place, options, filled, result, stalls),
        seconds_to_clone=round(to_clone, 3),
        kept=copy.name if options.keep else None,
        left_out=(*filled.left_out, *acting_objects(connection_parameters(theater.connection)), *theater.not_carried),
        open_ways=theater.open_ways(),
        changed_objects=tuple(dict.fromkeys(theater.changed)),
    )
    report = with_forecast(report, stages, earlier=theater.original.earlier, bytes=theater.original.bytes)
    beside_writers = tuple(other.steps) if other else ()
    judged = partial(
        judge,
        schema_is_back=result.schema_is_back,
        refused=result.refused,
        stays_pending=theater.original.stays_pending,
    )
    return replace(report, findings=judged(report, beside_writers=beside_writers))


def _fill(
    connection: Connection, copy: CopiedDatabase, place: CopyPlace, source: ReadyArchive | KeysOnlyCopy | None
) -> Filled:
    return (
        source.fill(connection, copy, major=place.major) if source else fill_copy(connection, copy, major=place.major)
    )


def _there_and_back(theater: Theater, copy: CopiedDatabase) -> Result:
    stage = theater.stage(copy)
    result = Result(stage=stage, before=digests(copy.parameters))
    schema = schema_of(copy.parameters, theater.place.search_path)
    if not _deploy(stage, theater, result):
        return result
    result.refused = _go_back(stage, theater)
    if not any(has_failed(step, theater.original.stays_pending) for step in stage.steps):
        result.after = digests(copy.parameters)
        result.schema_is_back = schema_of(copy.parameters, theater.place.search_path) == schema
    return result


def _deploy(stage: Stage, theater: Theater, result: Result | None = None) -> bool:
    """Run the deploy, and return whether all of it was done; the first step that fails ends it.

    Without a `result` only the steps run that write: the others stop nobody, and were seen in the first run.
    """
    options = theater.options
    named = [one for one in (options.app_label, options.migration_name) if one]
    commands: list[tuple[str, ...]] = [("precheck", *named, "--no-measure"), ("migrate", *named, "--no-measure")]
    if options.backfill is not None:
        commands.insert(0, ("backfill_placeholders", *options.backfill))
    if theater.original.apps_with_tables:
        commands.append((VERIFY, *theater.original.apps_with_tables))
    for command in commands:
        if result is None and command[0] in READING:
            continue
        theater.progress.say(f"On the copy: {command[0]} …")
        if result and command[0] == "migrate" and options.backfill is not None:
            result.catalog_before_migrate = schema_of(stage.copy.parameters, theater.place.search_path)
        if has_failed(stage.run(command[0], *command), theater.original.stays_pending):
            return False
    return True


def _go_back(stage: Stage, theater: Theater) -> tuple[Step, ...]:
    """Run the rollback, and return the steps that were refused; these were run again without their check."""
    refused = []
    for app, name in theater.original.way_back:
        label = f"rollback {app}"
        theater.progress.say(f"On the copy: {label} …")
        step = stage.run(label, "rollback_migrations", app, name, is_way_back=True)
        if step.exit_code == 1:
            refused.append(stage.steps.pop())
            step = stage.run(label, "migrate", app, name, "--skip-precheck", is_way_back=True)
        if step.exit_code:
            break
    return tuple(refused)


def _under_load(theater: Theater, result: Result) -> tuple[tuple[Stall, ...] | None, Stage | None]:
    """Run the deploy again, while sessions write to the tables that it locks."""
    locked = sorted({lock.table for step in result.stage.steps for lock in step.locks if not step.is_way_back})
    wants = theater.options.writers and locked and result.after is not None
    if not wants:
        return None, None
    theater.progress.say(f"Once more, beside {theater.options.writers} sessions that write …")
    with theater.clone(keep=False) as copy:
        stage = theater.stage(copy)
        identity, _ = stage.identity()
        with writing(copy.parameters, locked, number=theater.options.writers, look=identity.refuse_other) as writers:
            stage.writers = writers.pids
            _deploy(stage, theater)
    return writers.stalls(), stage


def _report(
    original: Original,
    place: CopyPlace,
    options: RehearsalOptions,
    filled: Filled,
    result: Result,
    stalls: tuple[Stall, ...] | None,
) -> RehearsalReport:
    rows = {name: digest.rows for name, digest in result.before.items()}
    return replace(
        _empty(original, options),
        place=place.where,
        why_not_the_server=place.why_not_the_server,
        copy_version=place.server_version,
        basis=replace(original.basis, rows=rows, catalog_before_migrate=result.catalog_before_migrate),
        left_out=filled.left_out,
        not_restored=filled.not_restored,
        keys_only=filled.keys_only,
        steps=tuple(result.stage.steps),
        stalls=stalls,
        compared_tables=len(result.before) if result.after is not None else 0,
        rows_compared=sum(rows.values()) if result.after is not None else 0,
        differing_tables=tuple(differing(result.before, result.after)) if result.after is not None else (),
    )


def _empty(original: Original, options: RehearsalOptions) -> RehearsalReport:
    return RehearsalReport(
        target=original.target,
        place="",
        why_not_the_server=None,
        copy_version=original.target.server_version,
        finished_at=now(),
        basis=original.basis,
        seconds_to_copy=0.0,
        seconds_to_clone=0.0,
        left_out=(),
        not_restored=(),
        steps=(),
        stalls=None,
        compared_tables=0,
        rows_compared=0,
        differing_tables=(),
        forecast=(),
        limits=options.limits,
        kept=None,
        findings=(),
    )
