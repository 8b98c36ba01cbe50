"""One killed command: run it, kill it somewhere, run it again until it says that it is done, and compare."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.support.cluster import Database
from tests.torture.relay import Boundaries, Stop
from tests.torture.state import differences, state
from tests.torture.stories import STORIES, Stage

KINDS = ("client", "backend", "server")
"""SIGKILL of the client; pg_terminate_backend; immediate shutdown of the server, and its start."""
CHANGES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|MERGE INTO)\b")
WRITES = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "UPDATE", "WITH")
COULD_NOT = 2


class Lost(AssertionError):
    """A killed command that was run again did not end where an undisturbed run ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kill:
    """What is killed and when: at a statement (`stop`), or after some seconds wherever it is then."""

    story: str
    kind: str
    stop: Stop | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        when = f"after {self.seconds:.3f} s"
        if self.stop:
            when = f"{'after the answer to' if self.stop.answered else 'before'} statement {self.stop.number}"
        return f"{self.story}: {self.kind} killed {when}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Boundary:
    """What is before a statement: a transaction or none, and which of the states of the run all others see there."""

    is_in_transaction: bool
    state: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UndisturbedRun:
    """Every statement of a run, in order, and the boundary before each."""

    statements: list[str]
    boundaries: list[Boundary]


@dataclass
class Killer:
    """Kills commands on a stage; `seen` holds, by story, states left behind from which a second run was proved."""

    stage: Stage
    seen: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    runs: dict[str, UndisturbedRun] = field(default_factory=dict)
    reruns: int = 0

    def undisturbed(self, story: str) -> UndisturbedRun:
        """The story's command, not killed; it is run once."""
        if story not in self.runs:
            self.runs[story] = self._undisturbed(story)
        return self.runs[story]

    def statements(self, story: str) -> list[str]:
        """Every statement of an undisturbed run, in order."""
        return self.undisturbed(story).statements

    def _undisturbed(self, story: str) -> UndisturbedRun:
        database = self.stage.start(STORIES[story])
        onlooker = Onlooker(database)
        try:
            with Boundaries(_socket(database), look=onlooker.look) as relay:
                url = relay.url(database.name, database.server.port)
                code = self.stage.run(*STORIES[story].command, url=url)
            assert code == 0, self.stage.log.read_text()
            return UndisturbedRun(statements=relay.statements, boundaries=onlooker.boundaries)
        finally:
            self.stage.cluster.drop(database)

    def prove(self, kill: Kill, *, again_always: bool = True) -> bool:
        """Kill, run again, compare; True where it came to the kill before the command's end.

        Unless `again_always`, a state that an earlier kill of the same story left is not run again from: that
        was proved then. Raises Lost, with what both runs said.
        """
        database = self.stage.start(STORIES[kill.story])
        try:
            code, was_killed = self._interrupt(kill, database)
            self._forget_lost_connections(kill, database)
            _wait_until_alone(database)
            self._judge_first_run(kill, database, code)
            if again_always or not self._is_known(kill.story, state(database)):
                self._judge(kill, database)
        finally:
            self.stage.cluster.drop(database)
        return was_killed

    def _is_known(self, story: str, left: dict[str, Any]) -> bool:
        known = self.seen.setdefault(story, [])
        if left in known:
            return True
        known.append(left)
        return False

    def _judge_first_run(self, kill: Kill, database: Database, code: int) -> None:
        """A killed client says nothing more; one that survives says exit code 2, or 0 where all was done already."""
        said = self.stage.log.read_text()
        if code not in (0, COULD_NOT, -signal.SIGKILL) or "Traceback" in said:
            raise Lost(f"{kill}: the first run ended with {code} and said:\n{said}")
        if code == 0 and (wrong := differences(state(database), self.stage.end(kill.story))):
            raise Lost(f"{kill}: the first run said 0, and {wrong} are not as in an undisturbed run.\n{said}")

    def _judge(self, kill: Kill, database: Database) -> None:
        self.reruns += 1
        code = self.stage.run(*STORIES[kill.story].command, url=database.url)
        said = self.stage.log.read_text()
        if code:
            raise Lost(f"{kill}: run again it ended with {code} and said:\n{said}")
        if wrong := differences(state(database), self.stage.end(kill.story)):
            raise Lost(f"{kill}: run again, {wrong} are not as in an undisturbed run.\n{said}")

    def _interrupt(self, kill: Kill, database: Database) -> tuple[int, bool]:
        self.stage.end(kill.story)
        started = threading.Event()
        client: list[int] = []

        def strike(backend: int | None) -> None:
            started.wait()
            _strikes(database)[kill.kind](client[0], backend)

        with ExitStack() as stack:
            relay = stack.enter_context(Boundaries(_socket(database), stop=kill.stop, strike=strike))
            url = relay.url(database.name, database.server.port)
            command = stack.enter_context(self.stage.running(*STORIES[kill.story].command, url=url))
            client.append(command.pid)
            started.set()
            if kill.stop is None:
                was_killed = not command.ends_within(kill.seconds)
                if was_killed:
                    strike(None)
            code = command.wait()
            if kill.stop is not None:
                was_killed = relay.struck.is_set()
            if relay.failure:
                raise relay.failure
        return code, was_killed

    def _forget_lost_connections(self, kill: Kill, database: Database) -> None:
        if kill.kind == "server":
            database.close()
            for known in self.stage.templates.values():
                known.close()
            self.stage.cluster.__dict__.pop("administration").close()


class Onlooker:
    """Looks at the database at each boundary of a run: what a kill there leaves is what others see there.

    It looks where something was committed since its last look. In a transaction it does not: nothing of that is seen.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.boundaries: list[Boundary] = []
        self.states: list[dict[str, Any]] = []
        self.snapshot, self.now = "", dict[str, Any]()

    def look(self, is_in_transaction: bool) -> None:
        if not is_in_transaction:
            self._look()
        at = self.boundaries[-1].state if is_in_transaction else self.states.index(self.now)
        self.boundaries.append(Boundary(is_in_transaction=is_in_transaction, state=at))

    def _look(self) -> None:
        snapshot = self.database.value("SELECT pg_current_snapshot()::text")
        if snapshot != self.snapshot:
            self.snapshot, self.now = snapshot, state(self.database)
            if self.now not in self.states:
                self.states.append(self.now)


def _strikes(database: Database) -> dict[str, Callable[[int, int | None], None]]:
    return {
        "client": lambda client, backend: os.kill(client, signal.SIGKILL),
        "backend": lambda client, backend: _end_sessions(database, backend),
        "server": lambda client, backend: _crash(database),
    }


def _end_sessions(database: Database, backend: int | None) -> None:
    """End one session and wait until it is gone, or all of this database."""
    chosen = "pid = %(backend)s" if backend else "datname = %(name)s AND backend_type = 'client backend'"
    words = {"backend": backend, "name": database.name}
    with psycopg.connect(database.server.url(), autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {chosen}", words)
        while connection.execute(f"SELECT FROM pg_stat_activity WHERE {chosen}", words).fetchone() is not None:
            time.sleep(0.002)


def _crash(database: Database) -> None:
    """As `stop` and `start` of the server, which look every tenth of a second whether it is done."""
    server, running = database.server, database.server.data / "postmaster.pid"
    server.run("pg_ctl", "-W", "-D", str(server.data), "-m", "immediate", "stop")
    while running.exists():
        time.sleep(0.002)
    server.run("pg_ctl", "-W", "-D", str(server.data), "-l", str(server.log), "start")
    while not _answers(server.url()):
        time.sleep(0.005)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _wait_until_alone(database: Database) -> None:
    """Until no session of the killed command is left: the server learns of a client's death when it next speaks."""
    database.wait_for(
        """SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
           AND backend_type = 'client backend' AND pid <> pg_backend_pid())"""
    )


def _socket(database: Database) -> Path:
    return database.server.folder / f".s.PGSQL.{database.server.port}"


def committing(statements: list[str]) -> list[int]:
    """The numbers of the statements that may change what a kill leaves: COMMIT, and writes outside a transaction."""
    numbers, is_open, only_reads = [], False, False
    for number, text in enumerate(statements, start=1):
        word = text.split()[0].upper()
        writes = word in WRITES and "pg_temp" not in text and (word != "WITH" or CHANGES.search(text))
        if (word == "COMMIT" and not only_reads) or (not is_open and writes):
            numbers.append(number)
        is_open = (is_open or word == "BEGIN") and word not in ("COMMIT", "ROLLBACK")
        only_reads = is_open and (only_reads or "READ ONLY" in text)
    return numbers
