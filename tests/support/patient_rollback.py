"""For the tests of `rollback_patient_module`: the command, releases without some files, and backups."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.commands import ROOT, Result, environment
from tests.support.factories import new_id

ROLL_BACK = ("rollback_patient_module", "--no-progress")
ORPHANS = [new_id() for _ in range(5)]
STARTED = "SELECT count(*) > 0 FROM migrations_safety_run WHERE details ->> 'command' LIKE 'rollback%'"
PATIENT = """INSERT INTO patients (id, mrn, "firstName", "lastName", "dateOfBirth", "updatedAt")
             VALUES (gen_random_uuid(), 'X', 'A', 'B', '1980-01-01', now())"""
OF_PEOPLE = {
    "a patient": None,
    "a placeholder that was resolved": """UPDATE patients SET "identityStatus" = 'IDENTIFIED'""",
    "a placeholder that was changed": "UPDATE patients SET version = 2",
    "a placeholder of no recorded run": 'UPDATE patients SET "backfillRunId" = gen_random_uuid()',
    "a contact": """INSERT INTO patient_contacts (id, "patientId", "firstName", "lastName", relationship, "updatedAt")
                    SELECT gen_random_uuid(), id, 'A', 'B', 'C', now() FROM patients""",
    "an allergy": """INSERT INTO patient_allergies (id, "patientId", substance, category, "updatedAt")
                     SELECT gen_random_uuid(), id, 'A', 'B', now() FROM patients""",
    "a flag": """INSERT INTO patient_risk_flags (id, "patientId", category, code, "updatedAt")
                 SELECT gen_random_uuid(), id, 'A', 'B', now() FROM patients""",
    "a flag that was resolved": "UPDATE patient_risk_flags SET status = 'RESOLVED'",
    "a merge": """INSERT INTO patient_merge_history (id, "sourcePatientId", "targetPatientId", reason,
                  "sourceSnapshot", "targetSnapshot", "movedRecords", "mergedBy")
                  VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'a', '{}', '{}', '{}',
                          gen_random_uuid())""",
}


@contextmanager
def without(*names: str) -> Iterator[Path]:
    """A copy of the project in which files are gone, as in the release before."""
    with tempfile.TemporaryDirectory(prefix="ehr-release-") as folder:
        for app in ("ehr", "patients", "migrations_safety"):
            shutil.copytree(ROOT / app, Path(folder) / app, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "manage.py", folder)
        for name in names:
            (Path(folder) / name).unlink()
        yield Path(folder)


def manage_in(folder: Path, database: Any, *arguments: str) -> Result:
    command = [sys.executable, str(folder / "manage.py"), *arguments]
    variables = environment(**database.variables())
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def backed_up(database: Any, folder: Path) -> None:
    done = database.run("backup_database", "--output", str(folder), "--no-progress")
    assert done.code == 0, done.said
