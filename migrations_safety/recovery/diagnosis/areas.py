"""Says in one line for each area what was seen, also where nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrations_safety.backup.evidence.archives import KIND as ARCHIVE
from migrations_safety.backup.evidence.search import is_here
from migrations_safety.messages.humanize import format_bytes, format_seconds, pluralize
from migrations_safety.recovery.diagnosis.facts import Facts
from migrations_safety.recovery.diagnosis.judgement import counts
from migrations_safety.recovery.diagnosis.recorded_runs import backup_since, last_deploy
from migrations_safety.recovery.diagnosis.report import Area


def areas(facts: Facts, *, at: datetime) -> tuple[Area, ...]:
    """Return a line for each area; `at` is the time of the look."""
    return tuple(
        Area(name=name, state=f"not looked at: {facts.missed[name]}", is_known=False)
        if name in facts.missed
        else Area(name=name, state=state)
        for name, state in _states(facts, at=at)
    )


def _states(facts: Facts, *, at: datetime) -> Iterator[tuple[str, str]]:
    yield "deploy lock", _numbers("held by session", [one.pid for one in facts.deploys]) or "free"
    yield "migrations", _migrations(facts)
    yield "runs", _runs(facts)
    yield "constraints and indexes", _objects(facts)
    yield "orphans", _orphans(facts)
    yield "nullified references", counts(sum(one.count for one in facts.images), "reference")
    yield "kept instead of dropped", counts(len(facts.kept), "table, column or type", "tables, columns or types")
    yield (
        "scratch databases and copies",
        counts(len(facts.scratches) + len(facts.copies) + len(facts.elsewhere), "database"),
    )
    yield "locks", _locks(facts)
    yield "prepared transactions", counts(len(facts.prepared), "transaction")
    yield "standbys and slots", _replication(facts)
    yield "last backup", _backup(facts, at=at)
    yield "last rehearsal", _rehearsal(facts)


def _numbers(words: str, pids: list[int]) -> str:
    return f"{words} {', '.join(map(str, pids))}" if pids else ""


def _migrations(facts: Facts) -> str:
    found = facts.migrations
    said = [f"{len(found.recorded):,} recorded", f"{len(found.pending):,} pending"]
    if halves := [*facts.halves.found, *facts.missing.halves]:
        said.append(f"{len(halves):,} applied in part")
    if facts.missing.elements:
        said.append(f"{pluralize(len(facts.missing.elements), 'object')} of recorded ones missing")
    if found.gone:
        said.append(f"{len(found.gone):,} without a file")
    return ", ".join(said) if not found.problem else f"{len(found.recorded):,} recorded; the history cannot be followed"


def _runs(facts: Facts) -> str:
    if not facts.runs:
        return "none recorded"
    last, unfinished = facts.runs[0], [one for one in facts.open_runs if not one.is_done]
    how = last.event if last.has_ended else "at work" if facts.deploys else "no end"
    said = f"last: {last.command} at {last.started_at:%Y-%m-%d %H:%M:%S %Z}, {how}"
    return f"{said}; {pluralize(len(unfinished), 'run')} to be repeated" if unfinished and not facts.deploys else said


def _objects(facts: Facts) -> str:
    found = facts.unfinished
    said = [
        f"{len(them):,} {what}"
        for them, what in (
            (found.constraints, "NOT VALID"),
            (found.indexes, "invalid"),
            (found.partitions, "half detached"),
            (found.disabled, "with triggers of keys disabled"),
        )
        if them
    ]
    return ", ".join(said) or "all valid"


def _orphans(facts: Facts) -> str:
    looks = facts.unfinished.orphans
    missed = sum(one.rows is None for one in looks)
    rows = sum(one.rows or 0 for one in looks)
    plus = " or more" if any(one.is_cut for one in looks) else ""
    said = f"{pluralize(rows, 'row')}{plus} under keys NOT VALID" if looks else "no key is NOT VALID"
    more = f", {pluralize(missed, 'key')} not counted" if missed else ""
    return f"{said}{more}; those under valid keys were not counted"


def _locks(facts: Facts) -> str:
    waiting = sum(one.waiting for one in facts.sessions.queues)
    return f"{counts(waiting, 'session')} waiting, {counts(len(facts.sessions.holders), 'session')} holding for long"


def _replication(facts: Facts) -> str:
    found = facts.replication
    most = max((one.bytes for one in found.slots), default=0)
    slots = (
        f"{pluralize(len(found.slots), 'slot')}, the largest keeps {format_bytes(most)}" if found.slots else "no slot"
    )
    return f"{pluralize(len(found.standbys), 'standby', 'standbys')}, {slots}"


def _backup(facts: Facts, *, at: datetime) -> str:
    """The newest backup that is known, which another machine may have."""
    known = facts.backups.evidence[0] if facts.backups and facts.backups.evidence else None
    said = _behind(facts, "backup")
    if run := backup_since(facts.runs, known.taken_at if known else None):
        told = run.end.get("counts") or {}
        name, proof, taken_at = str(told.get("archive") or ""), str(told.get("proof") or ""), run.ended_at
        gone = "" if not name or is_here(name) else ", not on this machine"
    elif known:
        kind = "" if known.kind == ARCHIVE else f"{known.kind} "
        name, proof, taken_at, gone = f"{kind}{known.name}", known.proof.word, known.taken_at, ""
    else:
        return f"none known{said}"
    words = [f"{format_seconds((at - taken_at).total_seconds())} ago", proof, name]
    return ", ".join(filter(None, words)) + gone + said


def _rehearsal(facts: Facts) -> str:
    return _behind(facts, "rehearsal").removeprefix("; ") or "none behind the last deploy"


def _behind(facts: Facts, what: str) -> str:
    """Return what the last deploy stood on, as the record of runs names it; empty for nothing."""
    deploy = last_deploy(facts.runs)
    found = deploy.stands_on.get(what) if deploy else None
    if not found:
        return ""
    name = " ".join(str(found[key]) for key in ("kind", "name") if found.get(key))
    words = [name, *(str(found[key]) for key in ("proof", "verdict") if found.get(key))]
    return f"; the last deploy stood on {', '.join(words)}"
