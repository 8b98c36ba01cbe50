"""Puts what is to be done into its order: the way forward, which ends the deploy, and the way back, which gives it up.

Sessions in the way come first, then what is half done, then the rows, the migrations, and the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrations_safety.messages.humanize import listed
from migrations_safety.plan.done_operations import HalfDone
from migrations_safety.recovery.diagnosis.facts import Facts
from migrations_safety.recovery.diagnosis.judgement import drop_of, fix_of, has_maker
from migrations_safety.recovery.diagnosis.open_runs import PURGE, RESTORE, OpenRun
from migrations_safety.recovery.diagnosis.recorded_runs import BACKFILL, MIGRATE, deployed
from migrations_safety.recovery.diagnosis.remaining_sql import Remaining
from migrations_safety.recovery.diagnosis.report import NextStep
from migrations_safety.registry import rollback_commands, verifying_commands
from migrations_safety.sql.identifiers import quote_if_needed

ROLLBACK = "rollback_migrations"
KEEP = ("--keep-dropped",)
SHOWN = 5
"""How many tables and columns are named; the others are counted."""
LOOK_AGAIN = NextStep(why="See whether anything is left.", command=("diagnose",))


def ways(facts: Facts) -> tuple[tuple[NextStep, ...], tuple[NextStep, ...]]:
    """Return the way forward and the way back; each is empty where it has no step of its own."""
    goes_back = [one for one in _stopped(facts) if one.run.goes_back]
    finishing = tuple(NextStep(why="Finish the rollback.", command=one.again) for one in goes_back[:1])
    if finishing and (unknown := [one for one in facts.begun if one.is_backwards and one.unknown]):
        finishing = (_unknown(unknown[0], finishing[0].command),)
    deploying, undoing = tuple(_deploying(facts)), tuple(_undoing(facts))
    forward, back = (finishing, deploying) if finishing else (deploying, undoing)
    first = (*_in_the_way(facts), *_repairs(facts), *_watches(facts), *_kept_again(facts))
    last = (*_drops(facts), LOOK_AGAIN)
    has_forward = bool(first or forward or len(last) > 1)
    return (
        (*first, *forward, *last) if has_forward else (),
        (*_in_the_way(facts), *back, *last) if back else (),
    )


def _in_the_way(facts: Facts) -> Iterator[NextStep]:
    if facts.deploys:
        yield NextStep(why="A deploy is at work: wait until it has ended.")
    if facts.sessions.queues or facts.sessions.holders:
        yield NextStep(why="Decide about the sessions that keep locks; the findings name them.")
    for one in facts.prepared:
        gid = "'" + one.name.replace("'", "''") + "'"
        yield NextStep(why="Ask the owner whether it is to be committed instead.", sql=f"ROLLBACK PREPARED {gid};")
    if facts.migrations.gone or facts.migrations.problem:
        yield NextStep(why="Install the release that was deployed: this code does not fit the database.")


def _repairs(facts: Facts) -> Iterator[NextStep]:
    found = facts.unfinished
    for partition in found.partitions:
        finish = f"ALTER TABLE {partition.table} DETACH PARTITION {partition.partition} FINALIZE;"
        yield NextStep(why="Finish the half detached partition.", sql=finish)
    for disabled in found.disabled:
        enable = f"ALTER TABLE {disabled.table} ENABLE TRIGGER ALL;"
        yield NextStep(why="Let the foreign keys hold again.", sql=enable)
    for index in found.indexes:
        if index.bare not in facts.migrations.builds and not index.is_partitioned and not index.is_at_work:
            yield NextStep(why="Build the invalid index anew, or drop it.", sql=fix_of(index).partition(" or ")[0])


def _watches(facts: Facts) -> Iterator[NextStep]:
    """Drop what a stopped rollback has left, where no rollback is to be finished, which would drop it."""
    if not facts.deploys and not any(one.run.goes_back for one in _stopped(facts)):
        for one in facts.watching:
            yield NextStep(why="Drop what a stopped rollback has left.", sql=one.drop)


def _stopped(facts: Facts) -> list[OpenRun]:
    return [one for one in facts.open_runs if not one.is_done]


def _kept_again(facts: Facts) -> Iterator[NextStep]:
    """End what was stopped while something kept was put back or purged."""
    stopped = {one.run.command: one for one in reversed(_stopped(facts))}
    numbers = {str(one.number) for one in facts.kept}
    carried = {str(one.number) for one in facts.carrying} & numbers
    if RESTORE in stopped or carried:
        left = sorted(carried | (stopped[RESTORE].left or frozenset() if RESTORE in stopped else set()), key=int)
        yield NextStep(why="Finish putting back what was kept.", command=(RESTORE, *left))
    for one in facts.carrying:
        if str(one.number) not in carried:
            yield NextStep(why="Drop the trigger, whose kept column is gone.", sql=drop_of(one))
    if PURGE in stopped:
        why = "See what is left to purge; purge_dropped without --list then takes the number of rows that it names."
        yield NextStep(why=why, command=stopped[PURGE].again)


def _deploying(facts: Facts) -> Iterator[NextStep]:
    recorded: set[str] = set()
    for half in facts.remaining:
        yield from _finishing(half, facts.migrations.waits_for.get(half.migration, ()), recorded)
    yield from _rows(facts)
    if facts.migrations.pending or facts.migrations.adopted:
        keep = KEEP if any(one.begun for one in facts.remaining) else ()
        yield NextStep(why="See what is left to apply, and whether it may.", command=("precheck", *keep))
        yield NextStep(why="Apply what is left.", command=(MIGRATE, *keep))
    for one in facts.unfinished.constraints:
        if one.name not in facts.migrations.validates:
            validate = f"ALTER TABLE {one.table} VALIDATE CONSTRAINT {quote_if_needed(one.name)};"
            yield NextStep(why="Check the older rows; the application goes on writing.", sql=validate)
    if facts.migrations.pending or facts.unfinished.constraints or _stopped(facts):
        for command in (*sorted(verifying_commands().values()), "verify_schema"):
            yield NextStep(why="Prove that the schema is as declared.", command=(command,))


def _finishing(one: Remaining, waits_for: Sequence[str], recorded: set[str]) -> Iterator[NextStep]:
    """What ends a migration that is applied in part; nothing where `migrate` goes on by itself.

    `recorded` are those that earlier steps record; what else it waits for is applied before, because `--fake` would
    record that, too.
    """
    if one.begun and one.begun.unknown:
        yield _unknown(one.begun, (MIGRATE, *one.migration.split(".", 1), *KEEP))
    if one.begun or (one.may_run_again and not one.is_whole):
        return
    if not one.is_whole and one.finish is None and one.undo is not None:
        for text in one.undo:
            yield NextStep(why=f"Undo what is done of {one.migration}, so that it can run as a whole.", sql=text)
        return
    before = [each for each in waits_for if each not in recorded]
    recorded |= {*before, one.migration}
    yield from _applying(before)
    for text in () if one.is_whole else one.finish or ():
        yield NextStep(why=f"Finish {one.migration}.", sql=text)
    if not one.is_whole and one.finish is None:
        label = one.migration.replace(".", " ", 1)
        yield NextStep(why=f"Do the rest by hand, as python manage.py sqlmigrate {label} prints it, in that order.")
    fake = (MIGRATE, *one.migration.split(".", 1), "--fake")
    yield NextStep(why=f"Record {one.migration}, once all of it is there.", command=fake)


def _unknown(begun: HalfDone, command: Sequence[str]) -> NextStep:
    """What is to be done about an operation of which nobody knows what it has done."""
    why = (
        f"Look whether operation {begun.unknown} of {begun.migration} ({begun.what}) has done its work. If it has not, "
        "or may run twice: again, not done."
    )
    return NextStep(why=why, command=(*command, "--interrupted", "done"))


def _applying(labels: Sequence[str]) -> Iterator[NextStep]:
    """Apply these migrations, and those that they depend on; of each app the last is named."""
    for label in {label.partition(".")[0]: label for label in labels}.values():
        yield NextStep(why=f"Apply what has to be there before: {label}.", command=(MIGRATE, *label.split(".", 1)))


def _rows(facts: Facts) -> Iterator[NextStep]:
    """The backfill, where it did not end or where a key has orphans for which it makes parents."""
    stopped = [one for one in _stopped(facts) if one.run.command == BACKFILL]
    orphans = [one for one in facts.unfinished.orphans if one.rows]
    if stopped:
        yield NextStep(why="Go on with the rows where the run stopped.", command=stopped[0].again)
    elif any(has_maker(one.key) for one in orphans):
        yield NextStep(why="Make the parents that rows lack.", command=(BACKFILL,))
    for one in orphans:
        if not has_maker(one.key):
            yield NextStep(why=f"Correct the rows of {one.key.table} that have no parent.")


def _undoing(facts: Facts) -> Iterator[NextStep]:
    losing = [one for one in facts.remaining if one.loses]
    for one in losing:
        lost = listed(one.loses, most=SHOWN)
        why = f"Undoing {one.migration} by SQL would lose what is in {lost}: go forward, and then back by a rollback."
        yield NextStep(why=why)
    for one in () if losing else reversed(facts.remaining):
        for text in one.undo or ():
            yield NextStep(why=f"Undo what is done of {one.migration}.", sql=text)
        if one.undo is None:
            yield NextStep(why=f"{one.migration} cannot be undone by SQL alone: finish it first, or undo it by hand.")
    restores = False
    for app, name in facts.ways_back:
        own = rollback_commands().get(app) if name == "zero" else None
        restores |= own is not None
        command = (own,) if own else (ROLLBACK, app, name)
        yield NextStep(why="See what the rollback would lose.", command=(*command, "--dry-run"))
        yield NextStep(why=f"Unapply what the deploy has applied of {app}.", command=command)
    labels = deployed(facts.runs)
    if kept := [str(one.number) for one in facts.kept if one.migration in labels]:
        why = "Put back what the deploy has kept instead of dropped, once its tables are made again."
        yield NextStep(why=why, command=(RESTORE, *kept))
    if facts.images and not restores:  # a rollback that drops the patients restores references before
        restore = (BACKFILL, "--restore-nullified")
        yield NextStep(
            why="Put references back that were set to NULL; where a key stands this is refused.", command=restore
        )


def _drops(facts: Facts) -> Iterator[NextStep]:
    names = [one.name for one in facts.scratches if not one.sessions]
    names += [one.name for one in facts.copies if one.is_leftover]
    for name in names:
        yield NextStep(why="Drop what a killed run has left.", sql=f"DROP DATABASE {quote_if_needed(name)};")
    for note in facts.elsewhere:
        if not note.is_at_work:
            yield NextStep(why=f"Remove the copy {note.words}; its finding says how.")
