"""Copies with replaced keys and made-up rows, made in this process and looked at by tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.report import not_measured
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.copies import CopyOf, copied_database
from migrations_safety.postgresql.database_locale import locale_of
from migrations_safety.postgresql.programs import program
from migrations_safety.postgresql.second_connection import connection_parameters
from migrations_safety.recovery.rehearsal.copying import Filled
from migrations_safety.recovery.rehearsal.keys_only.filling import KeysOnlyCopy
from migrations_safety.recovery.rehearsal.keys_only.row_properties import Properties
from migrations_safety.recovery.rehearsal.report import KeysOnly
from tests.support.cluster import Database


@dataclass(frozen=True)
class Reduced:
    """The copy, and what was said of it."""

    database: Database
    filled: Filled

    @property
    def told(self) -> KeysOnly:
        assert self.filled.keys_only is not None
        return self.filled.keys_only

    @property
    def dump(self) -> str:
        """All that the copy holds, as pg_dump writes it."""
        major = self.database.connection.info.server_version // 10000
        command = [program("pg_dump", least=major).path, "--inserts", f"--dbname={self.database.url}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout


@contextmanager
def reduced(connection: Any, database: Database, *demands: Demand, declared: Any = ()) -> Iterator[Reduced]:
    """Provide a copy of the database with keys only."""
    oid = database.value("SELECT oid::bigint FROM pg_database WHERE datname = current_database()")
    parameters = connection_parameters(connection)
    copying = KeysOnlyCopy(
        parameters=parameters,
        properties=Properties(demands=demands, measured=not_measured(""), version=connection.pg_version // 10000),
        declared=tuple(declared),
        plan_unknown=None,
        progress=Progress(),
    )
    of = CopyOf(oid=oid, system_identifier=None, name=database.name)
    with copied_database(parameters, of=of, made_for="rehearsal", locale=locale_of(connection)) as copy:
        filled = copying.fill(connection, copy, major=connection.pg_version // 10000)
        there = Database(database.server, copy.name, database.id_type)
        try:
            yield Reduced(there, filled)
        finally:
            there.close()
