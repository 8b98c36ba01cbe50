"""Puts what is to be done into its order: the way forward, which ends the deploy, and the way back, which gives it up.

Sessions in the way come first, then what is half done, then the rows, the migrations, and the proof.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.recovery.diagnosis.facts import Facts
from migrations_safety.recovery.diagnosis.judgement import fix_of, has_maker
from migrations_safety.recovery.diagnosis.recorded_runs import MIGRATE, again, open_runs
from migrations_safety.recovery.diagnosis.remaining_sql import Remaining
from migrations_safety.recovery.diagnosis.report import NextStep
from migrations_safety.registry import rollback_commands, verifying_commands
from migrations_safety.sql.identifiers import quote_if_needed

BACKFILL, ROLLBACK = "backfill_placeholders", "rollback_migrations"
LOOK_AGAIN = NextStep(why="See whether anything is left.", command=("diagnose",))


def ways(facts: Facts) -> tuple[tuple[NextStep, ...], tuple[NextStep, ...]]:
    """Return the way forward and the way back; each is empty where it has no step of its own."""
    rollbacks = [one for one in open_runs(facts.runs) if one.command.startswith("rollback_")]
    finishing = tuple(NextStep(why="Finish the rollback.", command=again(one)) for one in rollbacks[:1])
    deploying, undoing = tuple(_deploying(facts)), tuple(_undoing(facts))
    forward, back = (finishing, deploying) if finishing else (deploying, undoing)
    first = (*_in_the_way(facts), *_repairs(facts))
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


def _deploying(facts: Facts) -> Iterator[NextStep]:
    for half in facts.remaining:
        yield from _finishing(half)
    yield from _rows(facts)
    if facts.migrations.pending or facts.migrations.adopted:
        yield NextStep(why="See what is left to apply, and whether it may.", command=("precheck",))
        yield NextStep(why="Apply what is left.", command=(MIGRATE,))
    for one in facts.unfinished.constraints:
        if one.name not in facts.migrations.validates:
            validate = f"ALTER TABLE {one.table} VALIDATE CONSTRAINT {quote_if_needed(one.name)};"
            yield NextStep(why="Check the older rows; the application goes on writing.", sql=validate)
    if facts.migrations.pending or facts.unfinished.constraints or open_runs(facts.runs):
        for command in (*sorted(verifying_commands().values()), "verify_schema"):
            yield NextStep(why="Prove that the schema is as declared.", command=(command,))


def _finishing(one: Remaining) -> Iterator[NextStep]:
    """What ends a migration that is applied in part; nothing where `migrate` goes on by itself."""
    fake = NextStep(
        why=f"Record {one.migration}, once all of it is there.",
        command=(MIGRATE, *one.migration.split(".", 1), "--fake"),
    )
    if one.is_whole:
        yield fake
    elif one.may_run_again:
        return
    elif one.finish is not None:
        for text in one.finish:
            yield NextStep(why=f"Finish {one.migration}.", sql=text)
        yield fake
    elif one.undo is not None:
        for text in one.undo:
            yield NextStep(why=f"Undo what is done of {one.migration}, so that it can run as a whole.", sql=text)
    else:
        label = one.migration.replace(".", " ", 1)
        yield NextStep(why=f"Do the rest by hand, as python manage.py sqlmigrate {label} prints it, in that order.")
        yield fake


def _rows(facts: Facts) -> Iterator[NextStep]:
    """The backfill, where it did not end or where a key has orphans for which it makes parents."""
    stopped = [one for one in open_runs(facts.runs) if one.command == BACKFILL]
    orphans = [one for one in facts.unfinished.orphans if one.rows]
    if stopped:
        yield NextStep(why="Go on with the rows where the run stopped.", command=again(stopped[0]))
    elif any(has_maker(one.key) for one in orphans):
        yield NextStep(why="Make the parents that rows lack.", command=(BACKFILL,))
    for one in orphans:
        if not has_maker(one.key):
            yield NextStep(why=f"Correct the rows of {one.key.table} that have no parent.")


def _undoing(facts: Facts) -> Iterator[NextStep]:
    for one in reversed(facts.remaining):
        for text in one.undo or ():
            yield NextStep(why=f"Undo what is done of {one.migration}.", sql=text)
        if one.undo is None:
            yield NextStep(why=f"{one.migration} cannot be undone by SQL alone: finish it first, or undo it by hand.")
    for app, name in facts.ways_back:
        own = rollback_commands().get(app) if name == "zero" else None
        command = (own,) if own else (ROLLBACK, app, name)
        yield NextStep(why="See what the rollback would lose.", command=(*command, "--dry-run"))
        yield NextStep(why=f"Unapply what the deploy has applied of {app}.", command=command)
    if facts.images:
        restore = (BACKFILL, "--restore-nullified")
        yield NextStep(
            why="Put references back that were set to NULL; where a key stands this is refused.", command=restore
        )


def _drops(facts: Facts) -> Iterator[NextStep]:
    names = [one.name for one in facts.scratches if not one.sessions]
    names += [one.name for one in facts.copies if one.is_leftover]
    for name in names:
        yield NextStep(why="Drop what a killed run has left.", sql=f"DROP DATABASE {quote_if_needed(name)};")
