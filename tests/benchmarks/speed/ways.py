"""What is timed: the review's own SQL, the least that a server can do, and ours as deploy scripts run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.benchmarks.speed.hospitals import TABLES, Hospital
from tests.support.commands import ROOT, environment

SHAPE = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
ORPHANS = " UNION ".join(f'SELECT "patientId" FROM {table} WHERE "patientId" IS NOT NULL' for table in TABLES)
SINGLE_INSERT = f"""INSERT INTO patients (id, mrn, "firstName", "lastName", "dateOfBirth", "dateOfBirthEstimated",
    "identityStatus", "allergyStatus", status, "backfillRunId", "updatedAt")
    SELECT "patientId", 'MRN-PLACEHOLDER-' || "patientId", 'Placeholder', 'Patient', DATE '1900-01-01', true,
           'PLACEHOLDER', 'UNKNOWN', 'ACTIVE', gen_random_uuid(), CURRENT_TIMESTAMP
    FROM ({ORPHANS}) AS referenced"""
"""The review's option B with the columns of ours."""


def floor(url: str) -> float:
    """Seconds of five bare counts."""
    return timed(url, [f"SELECT count(*) FROM {table}" for table in TABLES])


def review(url: str, hospital: Hospital) -> float:
    """Seconds of the review's check 1 and check 2, check 2 on all five tables."""
    value = '"patientId"' + ("::text" if hospital.id_type == "uuid" else "")
    where = 'WHERE "patientId" IS NOT NULL'
    orphans = [f"SELECT count(*) FROM {table} {where}" for table in TABLES]
    malformed = [f"SELECT count(*) FROM {table} {where} AND {value} !~ '{SHAPE}'" for table in TABLES]
    return timed(url, orphans + malformed)


def single_insert(url: str) -> float:
    """Seconds of the review's one INSERT."""
    return timed(url, [SINGLE_INSERT])


def timed(url: str, statements: list[str]) -> float:
    """Seconds of some statements in one session."""
    with psycopg.connect(url, autocommit=True) as connection:
        started = time.perf_counter()
        for statement in statements:
            connection.execute(statement.encode())
        return time.perf_counter() - started


def command(url: str, hospital: Hospital, *arguments: str) -> dict[str, Any]:
    """Run a command: its report, and seconds and megabytes (at the peak) of the process as a whole."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
        variables = environment(DATABASE_URL=url, EHR_ID_TYPE=hospital.id_type, PYTHONPATH=str(ROOT))
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": error}
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=variables, **streams)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        error.seek(0)
        if process.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}: {error.read()}")
        said = out.read()
    report = json.loads(said) if said.startswith("{") else {}
    return {"report": report, "seconds": seconds, "peak_mb": round(usage.ru_maxrss / 1024)}


def temporary_bytes(url: str, work: Callable[[], Any]) -> tuple[Any, int]:
    """What the work gives, and the bytes of temporary files that the server wrote meanwhile."""
    query = "SELECT pg_stat_clear_snapshot(), temp_bytes FROM pg_stat_database WHERE datname = current_database()"
    with psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute(query).fetchone()
        found = work()
        time.sleep(0.5)  # a session tells its figures as it ends
        after = connection.execute(query).fetchone()
    assert before and after
    return found, after[1] - before[1]
