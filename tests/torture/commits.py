"""Kills a command around its commits: what a kill leaves is what the last commit has made.

With EVERY_BOUNDARY in the environment it is killed before each of its statements (`make torture`).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from tests.support.cluster import NUMBERS, Cluster, Database
from tests.support.commands import Running, environment
from tests.torture.kills import committing
from tests.torture.relay import Boundaries, Stop

EVERY_BOUNDARY = bool(os.environ.get("EVERY_BOUNDARY"))


@dataclass(frozen=True, kw_only=True, slots=True)
class AroundCommits:
    """A database to begin with, and how commands run in copies of it; `said` is a file for what they say."""

    cluster: Cluster
    template: Database
    variables: dict[str, str]
    said: Path

    def copy(self) -> Database:
        """A copy of the database to begin with."""
        self.template.close()
        database = Database(self.cluster.server, f"commits_{next(NUMBERS)}", self.template.id_type)
        names = map(sql.Identifier, (database.name, self.template.name))
        self.cluster.administration.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return database

    def run(self, *command: str, url: str, then: Callable[[int], None] = lambda pid: None) -> int:
        """Run a command and return its exit code; `then` gets the number of its process."""
        with self.said.open("w") as file:
            variables = environment(DATABASE_URL=url, EHR_ID_TYPE="uuid", **self.variables)
            with Running(*command, variables=variables, log=file) as running:
                then(running.pid)
                return running.wait()

    def stops(self, *command: str, others: int = 0) -> tuple[Database, list[Stop]]:
        """Run a command undisturbed; return its database, and where to kill it: mostly after each of its commits.

        `others` is the number of other statements before which it is killed, too.
        """
        database = self.copy()
        statements, code = self._relayed(database, command)
        assert code == 0, self.said.read_text()
        commits = committing(statements)
        around = [Stop(number=one, answered=bool(at % 4)) for at, one in enumerate(commits, start=1)]
        apart = [one for one in range(1, len(statements) + 1) if one not in commits]
        if not EVERY_BOUNDARY:
            apart = apart[:: max(len(apart) // others, 1)][:others] if others else []
        return database, around + [Stop(number=one) for one in apart]

    def killed(self, *command: str, stops: list[Stop]) -> Iterator[tuple[Database, str]]:
        """Kill the command at each of these in a copy of its own, and run it again; give the copy, and where it was."""
        for stop in stops:
            database = self.copy()
            statements, code = self._relayed(database, command, stop)
            where = f"killed around {statements[stop.number - 1]!r} ({code}): {self.said.read_text()}"
            again = self.run(*command, url=database.url)
            assert again == 0, f"{where} {self.said.read_text()}"
            yield database, where
            self.cluster.drop(database)

    def _relayed(self, database: Database, command: tuple[str, ...], stop: Stop | None = None) -> tuple[list[str], int]:
        started, pid = threading.Event(), list[int]()

        def strike(_backend: int) -> None:
            started.wait()
            os.kill(pid[0], signal.SIGKILL)

        def begun(number: int) -> None:
            pid.append(number)
            started.set()

        socket = database.server.folder / f".s.PGSQL.{database.server.port}"
        with Boundaries(socket, stop=stop, strike=strike) as relay:
            code = self.run(*command, url=relay.url(database.name, database.server.port), then=begun)
        return relay.statements, code
