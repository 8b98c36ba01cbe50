"""Reads who holds the deploy lock, who waits for locks behind whom, and what holds locks that stop writers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrations_safety.locking.deploy_lock import DEPLOY_LOCK
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows

LONG_HOLD = 5.0
"""Seconds from which a session that stops writers is reported; a migration holds its locks for less."""
LONG_IDLE = 60.0
"""Seconds from which a session is reported that does nothing inside of a transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deploy:
    """A session that holds the deploy lock."""

    pid: int
    application: str
    state: str
    seconds: float
    """For how long it is connected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A session that waits for a lock."""

    pid: int
    table: str
    """The table whose lock it wants; empty where it waits for a row or a transaction."""
    blockers: tuple[int, ...]
    """The sessions that it waits for; 0 is a prepared transaction."""
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A session that holds locks."""

    pid: int
    state: str
    application: str
    is_hidden: bool
    """Whether the role may not see what the session does."""
    seconds: float
    """For how long its transaction is open."""
    is_autovacuum: bool
    tables: tuple[str, ...]
    """The tables whose writers it stops."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A prepared transaction, which holds its locks until somebody ends it, over restarts too."""

    name: str
    owner: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """The sessions that wait behind one session, directly or behind another one."""

    blocker: int
    session: Session | None
    """The session that they wait for; None where it is not known: a prepared transaction, or one that has ended."""
    waiting: int
    longest: float
    tables: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sessions:
    """The sessions that matter to a deploy."""

    queues: tuple[Queue, ...] = ()
    holders: tuple[Session, ...] = ()
    hidden: int = 0
    """The number of sessions with locks on tables of which the role may not see what they do."""


def deploys(connection: Connection) -> list[Deploy]:
    """Return the sessions that hold the deploy lock of this database."""
    return rows(connection, "sessions.deploy_lock", DEPLOY_LOCK, Deploy)


def prepared(connection: Connection) -> list[Prepared]:
    """Return the prepared transactions of this database, the oldest first."""
    return rows(connection, "sessions.prepared", {}, Prepared)


def sessions(connection: Connection, *, at_once: bool = False) -> Sessions:
    """Return who waits for locks, and who holds locks for long; with `at_once` all who stop writers by one."""
    waiting = rows(connection, "sessions.waiting", {}, Waiting)
    roots = sorted({root for one in waiting for root in _roots(one, waiting)})
    known = {one.pid: one for one in rows(connection, "sessions.of_pids", {"pids": roots}, Session)}
    queues = tuple(_queue(root, known.get(root), waiting) for root in roots)
    holders = rows(connection, "sessions.holders", {}, Session)
    return Sessions(
        queues=queues,
        holders=tuple(
            one for one in holders if one.pid not in roots and _holds_for_long(one, 0 if at_once else LONG_HOLD)
        ),
        hidden=sum(one.is_hidden and not one.is_autovacuum for one in holders),
    )


def _holds_for_long(one: Session, least: float) -> bool:
    if one.is_autovacuum:
        return False
    is_idle = one.state.startswith("idle in transaction")
    return (bool(one.tables) and one.seconds >= least) or (is_idle and one.seconds >= LONG_IDLE)


def _roots(one: Waiting, waiting: Sequence[Waiting]) -> set[int]:
    """Return the sessions at the head of the queues in which a session waits."""
    by_pid = {each.pid: each for each in waiting}
    heads, seen, rest = set(), {one.pid}, list(one.blockers)
    while rest:
        pid = rest.pop()
        if pid in by_pid and pid not in seen:
            seen.add(pid)
            rest += by_pid[pid].blockers
        elif pid not in by_pid:
            heads.add(pid)
    return heads


def _queue(root: int, session: Session | None, waiting: Sequence[Waiting]) -> Queue:
    behind = [one for one in waiting if root in _roots(one, waiting)]
    return Queue(
        blocker=root,
        session=session,
        waiting=len({one.pid for one in behind}),
        longest=max(one.seconds for one in behind),
        tables=tuple(sorted({one.table for one in behind if one.table})),
    )
