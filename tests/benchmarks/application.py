"""The hospital at work: writers, readers and one long transaction, every statement timed where the client is.

Each session is a process of its own, so that none waits for another's turn in Python.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

PAUSE = 0.01
"""Seconds between two statements of a session: a hospital works, it does not saturate its server."""
SAMPLE = 500
"""Rows of each table that the sessions write to and read."""
IN_THE_WAY = 3.0
"""Seconds for which the long transaction stays idle, having written to users and bills."""
BETWEEN = 1.0
"""Seconds between two of them; the first begins together with the migration."""
NOW = datetime(2026, 1, 2, tzinfo=UTC)
TABLES = ("surgical_cases", "medical_records", "bills", "patient_consent_instances", "insurance_policies")
INSERTS = {
    "surgical_cases": """INSERT INTO surgical_cases (id, "caseNumber", "patientId", "procedureName", status,
        "scheduledStartAt", "scheduledEndAt", "updatedAt")
        VALUES (%(id)s, %(number)s, %(patient)s, 'Procedure', 'SCHEDULED', %(now)s, %(now)s, %(now)s)""",
    "medical_records": """INSERT INTO medical_records (id, "recordNumber", "patientId", "updatedAt")
        VALUES (%(id)s, %(number)s, %(patient)s, %(now)s)""",
    "bills": """INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
        VALUES (%(id)s, %(number)s, %(patient)s, 100, %(now)s)""",
    "patient_consent_instances": """INSERT INTO patient_consent_instances (id, "instanceNumber", "templateId",
        "templateVersion", "patientId", "updatedAt")
        VALUES (%(id)s, %(number)s, %(id)s, '1', %(patient)s, %(now)s)""",
    "insurance_policies": """INSERT INTO insurance_policies (id, "patientId", "payerName", "policyNumber",
        "effectiveDate", "updatedAt") VALUES (%(id)s, %(patient)s, 'Payer', %(number)s, %(today)s, %(now)s)""",
}
UPDATE_USER = 'UPDATE users SET "updatedAt" = %(now)s WHERE id = %(row)s'
WAITING = """
    SELECT coalesce(wait_event_type || ' ' || wait_event, 'processor'),
           max(extract(epoch FROM clock_timestamp() - query_start))::float8
    FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
    AND application_name LIKE 'hospital %' AND pid <> pg_backend_pid() GROUP BY 1"""
READ_PATIENT = 'SELECT "lastName", "identityStatus" FROM patients WHERE id = %(patient)s'


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Rows that are there: ids by table, `users` among them, and ids of patients; the first of a table is kept free."""

    rows: dict[str, list[UUID]]
    patients: list[UUID]


@dataclass(kw_only=True)
class Timings:
    """What a session met: seconds of each statement, and the SQLSTATE of each that failed.

    `waits` is the observer's: by what was waited for, the age in seconds of the oldest statement seen waiting.
    """

    role: str
    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=dict)


Step = Callable[[Any], None]
"""Runs one statement, or one transaction of two."""


def sample(connection: psycopg.Connection[Any]) -> Sample:
    """Take some rows of each table; the same for each candidate, since their databases are copies."""
    rows = {
        table: [row[0] for row in connection.execute(f'SELECT id FROM "{table}" ORDER BY id LIMIT {SAMPLE}')]
        for table in (*TABLES, "users")
    }
    patients = connection.execute(f'SELECT DISTINCT "patientId" FROM medical_records LIMIT {SAMPLE}')
    return Sample(rows=rows, patients=[row[0] for row in patients])


@contextmanager
def at_work(url: str, chosen: Sample) -> Iterator[list[Timings]]:
    """The hospital works meanwhile; the list is filled when it is over."""
    context = multiprocessing.get_context("fork")
    stop, queue = context.Event(), context.Queue()
    roles = [*TABLES, "users", "transaction", "patients", "patients", "in the way", "observer"]
    sessions = [context.Process(target=_work, args=(url, role, chosen, stop, queue)) for role in roles]
    found: list[Timings] = []
    for session in sessions:
        session.start()
    try:
        yield found
    finally:
        stop.set()
        found += [queue.get() for _ in sessions]
        for session in sessions:
            session.join()


def _work(url: str, role: str, chosen: Sample, stop: Any, queue: Any) -> None:
    timings = Timings(role=role)
    steps: dict[str, Callable[[Sample, Timings, Any], Step]] = {
        "users": _users,
        "transaction": _transaction,
        "patients": _patients,
        "in the way": _in_the_way,
        "observer": _observer,
    }
    with psycopg.connect(url, autocommit=True, prepare_threshold=None, application_name=f"hospital {role}") as session:
        step = steps.get(role, _table(role))(chosen, timings, stop)
        while not stop.is_set():
            try:
                step(session)
            except psycopg.Error as error:
                timings.failed.append(error.sqlstate or "connection lost")
                session.rollback()
            time.sleep(random.uniform(0.5, 1.5) * PAUSE)
    queue.put(timings)


def _timed(session: Any, timings: Timings, query: str, values: dict[str, Any]) -> None:
    started = time.perf_counter()
    try:
        session.execute(query, values)
    finally:
        timings.seconds.append(time.perf_counter() - started)


def _values(chosen: Sample) -> dict[str, Any]:
    new = uuid4()
    return {
        "id": new,
        "number": f"N-{new}",
        "patient": random.choice(chosen.patients),
        "now": NOW,
        "today": date.today(),
    }


def _table(table: str) -> Callable[[Sample, Timings, Any], Step]:
    """Insert and update by turns, single rows."""

    def steps(chosen: Sample, timings: Timings, stop: Any) -> Step:
        update = f'UPDATE "{table}" SET "updatedAt" = %(now)s, "patientId" = %(patient)s WHERE id = %(row)s'
        turns = iter(lambda: random.random() < 0.5, None)

        def step(session: Any) -> None:
            values = _values(chosen) | {"row": random.choice(chosen.rows[table][1:])}
            _timed(session, timings, INSERTS[table] if next(turns) else update, values)

        return step

    return steps


def _users(chosen: Sample, timings: Timings, stop: Any) -> Step:
    return lambda session: _timed(
        session, timings, UPDATE_USER, {"now": NOW, "row": random.choice(chosen.rows["users"][1:])}
    )


def _transaction(chosen: Sample, timings: Timings, stop: Any) -> Step:
    """A bill and its case, together or not at all."""

    def step(session: Any) -> None:
        with session.transaction():
            for table in ("bills", "surgical_cases"):
                _timed(session, timings, INSERTS[table], _values(chosen))

    return step


def _patients(chosen: Sample, timings: Timings, stop: Any) -> Step:
    """Reads by id, from when the table is there."""
    there: list[bool] = []

    def step(session: Any) -> None:
        if not there and session.execute("SELECT to_regclass('patients') IS NOT NULL").fetchone()[0]:
            there.append(True)
        if there:
            _timed(session, timings, READ_PATIENT, {"patient": random.choice(chosen.patients)})

    return step


def _in_the_way(chosen: Sample, timings: Timings, stop: Any) -> Step:
    """Writes to users and bills, stays idle in its transaction, ends; its rows are nobody else's."""

    def step(session: Any) -> None:
        with session.transaction():
            _timed(session, timings, UPDATE_USER, {"now": NOW, "row": chosen.rows["users"][0]})
            values = {"now": NOW, "row": chosen.rows["bills"][0]}
            _timed(session, timings, 'UPDATE bills SET "updatedAt" = %(now)s WHERE id = %(row)s', values)
            stop.wait(IN_THE_WAY)
        stop.wait(BETWEEN)

    return step


def _observer(chosen: Sample, timings: Timings, stop: Any) -> Step:
    """Looks at what the others wait for: a lock is the migration's doing, the disk may be anybody's."""

    def step(session: Any) -> None:
        for event, seconds in session.execute(WAITING).fetchall():
            timings.waits[event] = max(seconds, timings.waits.get(event, 0.0))

    return step
