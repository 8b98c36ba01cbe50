"""Makes findings, and one line for each area, of the facts of a diagnosis."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import format_bytes, format_seconds, listed, pluralize
from migrations_safety.messages.refusals.evidence import ClusterUnknown
from migrations_safety.messages.refusals.kept import StepNotKnown
from migrations_safety.messages.wording import backup as backup_wording
from migrations_safety.messages.wording import recovery_diagnosis as wording
from migrations_safety.postgresql.copies import REHEARSAL
from migrations_safety.postgresql.copy_notes import CopyNote
from migrations_safety.postgresql.target import Target
from migrations_safety.recovery.diagnosis.applied_in_part import Half
from migrations_safety.recovery.diagnosis.facts import LOCKED, REASONS, SLOW, Facts
from migrations_safety.recovery.diagnosis.leftovers import Carrying
from migrations_safety.recovery.diagnosis.recorded_runs import last_of
from migrations_safety.recovery.diagnosis.report import StepsOfMigration
from migrations_safety.recovery.diagnosis.sessions import Queue, Session
from migrations_safety.recovery.diagnosis.unfinished_objects import Invalid, NotValid, OrphanLook
from migrations_safety.registry import registered_makers
from migrations_safety.schema.placeholder_makers import maker_of_table
from migrations_safety.sql.identifiers import quote_if_needed

SCRATCH, COPY = "a scratch database without rows", "a copy with rows of the original"
ELSEWHERE = f"{COPY} on another server"
GRANT_STATISTICS = "GRANT pg_monitor TO the role, then look again: python manage.py diagnose"
MOST_PENDING = 8
"""How many pending migrations are told one by one, so that the report stays on one screen."""
MOST_MISSING = 20
"""How many missing objects are told one by one."""
AGAIN = "Look again, as a role that may: python manage.py diagnose"
LATER = "Look again when what stands in the way has ended: python manage.py diagnose"


def judge(facts: Facts, target: Target) -> Iterator[Finding]:
    """Yield the findings in the order in which a person needs them: what is in the way first."""
    for deploy in facts.deploys:
        yield wording.deploy_at_work(
            deploy.pid, application=deploy.application, state=deploy.state, seconds=deploy.seconds
        )
    yield from _of_sessions(facts)
    yield from _of_replication(facts, target)
    yield from _of_runs(facts)
    yield from _of_migrations(facts)
    yield from _of_objects(facts)
    for image in facts.images:
        yield wording.images_open(image.table, column=image.column, rows=image.count)
    for kept in facts.kept:
        yield wording.kept_instead(kept.subject, place=kept.place, migration=kept.migration, number=kept.number)
    for carrying in [] if facts.deploys else facts.carrying:
        drop = drop_of(carrying) if carrying.number not in {one.number for one in facts.kept} else ""
        yield wording.carrying_left(carrying.table, trigger=carrying.trigger, number=carrying.number, drop=drop)
    for watching in [] if facts.deploys else facts.watching:
        yield wording.watching_left(watching.table, trigger=watching.trigger, drop=watching.drop)
    yield from _of_databases(facts)
    yield from _of_backups(facts, target)
    for name, reason in facts.missed.items():
        hint = LATER if reason in (REASONS[LOCKED], REASONS[SLOW]) else AGAIN
        yield wording.not_looked(name, reason=reason, hint=hint)


def _of_backups(facts: Facts, target: Target) -> Iterator[Finding]:
    """What is wrong with the places of backups, and that none is known."""
    found = facts.backups
    for place in found.unread if found else ():
        yield backup_wording.not_read(place.place, place.reason, place.hint)
    if found and found.system_identifier is None and found.others:
        reason = "the role may not read the identifier of the server, by which backups are known as those of this one"
        yield wording.not_looked("last backup", reason=reason, hint=f"{ClusterUnknown.hint} {AGAIN}")
    elif found and not found.evidence and last_of(facts.runs, "backup_database") is None and "runs" not in facts.missed:
        yield wording.no_backup(target.name, others=found.others)


def _of_sessions(facts: Facts) -> Iterator[Finding]:
    ours = {one.pid for one in facts.deploys}
    for queue in facts.sessions.queues:
        yield _queue(queue)
    for one in facts.sessions.holders:
        if one.pid not in ours:
            yield wording.holds_locks(
                one.pid, doing=_doing(one), seconds=one.seconds, tables=listed([*one.tables], most=3)
            )
    if hidden := facts.sessions.hidden:
        reason = f"the role may not see what {pluralize(hidden, 'session')} with locks on tables do"
        yield wording.not_looked("locks", reason=reason, hint=GRANT_STATISTICS)
    for prepared in facts.prepared:
        yield wording.prepared_transaction(prepared.name, owner=prepared.owner, seconds=prepared.seconds)


def _queue(queue: Queue) -> Finding:
    if queue.blocker == 0:
        blocker, hint = "a prepared transaction", "SELECT gid, prepared FROM pg_prepared_xacts; shows it."
    else:
        doing = f" ({_doing(queue.session)})" if queue.session else ""
        blocker = f"session {queue.blocker}{doing}"
        hint = "A" + wording.TERMINATE.format(pid=queue.blocker)[1:]
    tables = listed(queue.tables, most=3)
    return wording.queue(blocker, waiting=queue.waiting, longest=queue.longest, tables=tables, hint=hint)


def _doing(session: Session) -> str:
    return f"{session.state}, {session.application}" if session.application else session.state


def _of_replication(facts: Facts, target: Target) -> Iterator[Finding]:
    found = facts.replication
    if found.commits_wait and not target.in_recovery:
        yield wording.commits_wait(found.synchronous.wanted, waiting=found.synchronous.waiting)
    for slot in found.slots:
        if slot.lags:
            yield wording.slot_lags(
                slot.name, kind=slot.type, is_active=slot.is_active, wal_status=slot.wal_status, bytes=slot.bytes
            )
    for standby in found.standbys:
        if standby.lags:
            behind = f"{format_bytes(standby.bytes)} and {format_seconds(standby.seconds)}"
            yield wording.standby_lags(f"the standby {standby.name}", behind=behind, state=standby.state)
    if target.in_recovery and (target.seconds_behind is None or target.seconds_behind >= 30):
        seconds = target.seconds_behind
        behind = "an unknown time" if seconds is None else format_seconds(seconds)
        yield wording.standby_lags("this standby", behind=behind, state="what is said here is as of then")
    if hidden := [one.name for one in found.standbys if one.is_hidden]:
        reason = f"the role may not see how far {listed(hidden)} is"
        yield wording.not_looked("standbys", reason=reason, hint=GRANT_STATISTICS)


def _of_runs(facts: Facts) -> Iterator[Finding]:
    for one in [] if facts.deploys else facts.open_runs:
        run, again = one.run, shlex.join(one.again)
        error, at = str(run.end.get("error") or "an error"), str(run.end.get("at") or "")
        if one.is_done:
            how = f"failed with {error}" if run.has_ended else "has no end"
            yield wording.done_run(run.command, run=run.run_id, began=_time(run.started_at), how=how)
        elif run.has_ended:
            ended = _time(run.ended_at)
            yield wording.failed_run(run.command, run=run.run_id, ended=ended, error=error, at=at, again=again)
        else:
            began = _time(run.started_at)
            yield wording.killed_run(run.command, run=run.run_id, began=began, host=run.host, again=again)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}".strip()


def _of_migrations(facts: Facts) -> Iterator[Finding]:
    found = facts.migrations
    if found.problem:
        yield wording.history_refused(found.problem)
    for label in found.gone:
        yield wording.file_gone(label)
    yield from _of_missing(facts)
    halves = {one.steps.migration: one for one in facts.halves.found}
    untouched = [label for label in found.pending if label not in halves]
    for label in untouched[:MOST_PENDING]:
        yield wording.pending(label)
    if more := len(untouched) - MOST_PENDING if len(untouched) > MOST_PENDING else 0:
        yield wording.more_pending(more)
    for label in found.pending:
        half = halves.get(label)
        if half is None:
            continue
        if half.is_whole and not half.begun:
            yield wording.not_recorded(label, waits_for=found.waits_for.get(label, ()))
        else:
            yield wording.applied_in_part(label, steps=in_words(half.steps), next=_next(half))
    if facts.halves.left:
        reason = f"{pluralize(len(facts.halves.left), 'pending migration')} would have taken too long"
        yield wording.not_looked("steps of migrations", reason=reason, hint=AGAIN)


def _next(half: Half) -> str:
    if half.begun:
        return StepNotKnown.hint if half.begun.unknown else f"{wording.AGAIN} --keep-dropped"
    return wording.AGAIN if half.may_run_again else "Finish it or undo it with the SQL below, forward or back."


def in_words(half: StepsOfMigration) -> str:
    """Return which steps are done and which are not."""
    said = []
    for state in ("done", "in part", "not done", "not seen"):
        if numbers := [str(one.number) for one in half.steps if one.state == state]:
            said.append(f"{state}: {', '.join(numbers)}")
    return "; ".join(said)


def _of_missing(facts: Facts) -> Iterator[Finding]:
    for half in facts.missing.halves:
        yield wording.undone_in_part(half.migration, steps=in_words(half))
    for app, element in facts.missing.elements[:MOST_MISSING]:
        name = (
            f'{element.kind} "{element.name}"' if element.kind == "column" else f'index or constraint "{element.name}"'
        )
        what = "its table" if element.kind == "table" else f"its {name}"
        yield wording.recorded_but_missing(element.table, what=what, app=app)


def _of_objects(facts: Facts) -> Iterator[Finding]:
    found = facts.unfinished
    for constraint in found.constraints:
        is_planned = constraint.name in facts.migrations.validates
        yield wording.not_valid(constraint.table, kind=constraint.kind, name=constraint.name, is_planned=is_planned)
    for look in found.orphans:
        yield from _orphans(look)
    for index in found.indexes:
        is_planned = index.bare in facts.migrations.builds
        fix = wording.AGAIN if is_planned else fix_of(index)
        yield wording.invalid_index(index.table, name=index.name, fix=fix, is_at_work=index.is_at_work)
    for partition in found.partitions:
        yield wording.half_detached(partition.table, partition=partition.partition)
    for disabled in found.disabled:
        yield wording.keys_disabled(disabled.table, triggers=disabled.triggers)


def _orphans(look: OrphanLook) -> Iterator[Finding]:
    key = look.key
    if look.rows is None:
        yield wording.orphans_not_counted(key.table, name=key.name, reason=look.reason)
    elif look.rows:
        yield wording.orphans_left(
            key.table, name=key.name, rows=min(look.rows, 1000), is_cut=look.is_cut, target=key.parent_relation,
            has_maker=has_maker(key),
        )  # fmt: skip


def has_maker(key: NotValid) -> bool:
    """Whether `backfill_placeholders` makes the missing parents of a key."""
    return bool(registered_makers()) and maker_of_table(key.parent_relation) is not None


def drop_of(carrying: Carrying) -> str:
    """Return the statement that ends a trigger of which nothing is kept any more."""
    return f"DROP TRIGGER {carrying.trigger} ON {carrying.table}; DROP FUNCTION {carrying.function};"


def fix_of(index: Invalid) -> str:
    """Return the statement that ends an invalid index."""
    if index.is_partitioned:
        return f"Attach the index of each partition that lacks one: ALTER INDEX {index.name} ATTACH PARTITION …;"
    if "_ccnew" in index.bare or "_ccold" in index.bare:
        return f"DROP INDEX CONCURRENTLY {index.name};"
    return f"REINDEX INDEX CONCURRENTLY {index.name}; or DROP INDEX CONCURRENTLY {index.name};"


def _of_databases(facts: Facts) -> Iterator[Finding]:
    for scratch in facts.scratches:
        if scratch.sessions:
            yield wording.database_in_use(scratch.name, what=SCRATCH, sessions=scratch.sessions)
        else:
            hint = _dropped(scratch.name, may_drop=scratch.may_drop)
            yield wording.database_left(scratch.name, what=SCRATCH, more=_alone(scratch.bytes), hint=hint)
    for copy in facts.copies:
        if copy.is_leftover:
            hint = _dropped(copy.name, may_drop=copy.is_ours)
            yield wording.database_left(copy.name, what=COPY, more=_alone(copy.bytes), hint=hint)
        elif copy.is_kept and not copy.is_in_use:
            yield wording.copy_kept(copy.name, drop=f"DROP DATABASE {quote_if_needed(copy.name)};")
        else:
            yield wording.database_in_use(copy.name, what=COPY, sessions=1)
    for note in facts.elsewhere:
        if note.is_at_work:
            yield wording.database_in_use(note.words, what=ELSEWHERE, sessions=1)
        else:
            hint = _removed_elsewhere(note)
            since = f" ({note.made_at:%Y-%m-%d %H:%M} UTC)"
            yield wording.database_left(note.words, what=ELSEWHERE, more=since, hint=hint)


def _dropped(name: str, *, may_drop: bool) -> str:
    return f"{'' if may_drop else 'As its owner: '}DROP DATABASE {quote_if_needed(name)};"


def _removed_elsewhere(note: CopyNote) -> str:
    options = "--clone-command and --clone-cleanup-command" if note.is_by_command else "--scratch-url"
    by_hand = f"rm {shlex.quote(str(note.file))}"
    command = "rehearse" if note.made_for == REHEARSAL else "backup_database"
    return f"{command} with the same {options} removes it. If you have removed it by hand: {by_hand}"


def _alone(size: int | None) -> str:
    return f"{f' ({format_bytes(size)})' if size is not None else ''}; nobody is connected"


def counts(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, `none` for 0."""
    return pluralize(number, noun, plural) if number else "none"
