"""Names, dates, numbers and ids go through every command and every error path, and come out of none of them."""

import hashlib
import os
import pty
import subprocess
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from tests.support.commands import ROOT, command, environment
from tests.support.factories import PatientFactory, new_id, refer
from tests.support.identifiers import SAMPLES
from tests.support.sample_app import SampleApp

NAME, PHONE, BIRTH, NATIONAL_ID = "Achieng Wanjiru-Otieno", "0712 345 678", "1987-03-29", "NID-99881726"
EMAIL, RECORD = "achieng@example.org", "MRN-88123-77"
ORPHAN, PATIENT = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38cafe", "5df41881-3aed-4515-88a7-2f4a814cf09e"
OPAQUE, CUID = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "cjld2cjxh0000qzrmn831i7rn"
SECRETS = [NAME, PHONE, BIRTH, NATIONAL_ID, EMAIL, RECORD, ORPHAN, PATIENT, OPAQUE, CUID]
CLASSES = [
    *SECRETS, ORPHAN.upper().replace("CAFE", "BEEF"), "{" + ORPHAN[:-4] + "dead}", "null", "12345678901", "",
    *SAMPLES["uuid_nonrfc"], *SAMPLES["uuid_test_pattern"],
]  # fmt: skip
VERIFY = "verify_patient_schema"


def forms(secret):
    """A secret in every form in which it still is one: as it is, cut, without its hyphens, hashed."""
    plain = {secret, secret.upper(), secret.lower(), secret.replace("-", ""), secret[:8], secret[-8:]}
    hashes = {hash(one.encode()).hexdigest() for hash in (hashlib.md5, hashlib.sha1, hashlib.sha256) for one in plain}
    return plain | {hashed[:12] for hashed in hashes}


SOUGHT = sorted({form for secret in [*SECRETS, *NAME.split()] for form in forms(secret)})


def formats_of(name: str) -> tuple[str, ...]:
    command: Any = load_command_class(get_commands()[name], name)
    return tuple(command.formats)


COMMANDS = (
    "precheck", "migrate", "backfill_placeholders", "verify_schema", VERIFY, "audit_runs", "diagnose", "rehearse",
    "rollback_patient_module", "backup_database",
)  # fmt: skip
FORMATS = {name: formats_of(name) for name in COMMANDS}
"""By the name of each command the formats in which it is heard: all of them."""


class Listener:
    """Collects what commands say, what they write to files, and what the server logs meanwhile."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.begin = server.log.stat().st_size
        self.said = ""

    def hear(self, database, *arguments, code=None, only_reports=False, **options):
        """Run a command, and once more with a report in each format, or with these alone."""
        if not only_reports:
            told = database.run(*arguments, **options)
            self.said += told.said
        if arguments[0] in FORMATS:
            files = {name: self.folder / f"{name}_{len(self.said)}" for name in (*FORMATS[arguments[0]], "summary")}
            reports = [f"--report={name}={files[name]}" for name in FORMATS[arguments[0]]]
            options |= {"GITHUB_STEP_SUMMARY": str(files["summary"])}
            measures = ["--measure"] if arguments[0] == "precheck" else []
            reported = database.run(*arguments, *measures, *reports, **options)
            told = reported if only_reports else told
            self.said += reported.said
            self.said += "".join(file.read_text() for file in files.values() if file.exists())
        assert code is None or told.code == code, told.said
        return told

    def leaks(self):
        logged = self.server.log.read_bytes()[self.begin :].decode(errors="replace")
        return [
            (form, place) for form in SOUGHT for place, text in (("said", self.said), ("log", logged)) if form in text
        ]


@pytest.fixture
def listener(cluster, tmp_path):
    return Listener(cluster.server, tmp_path)


def fill(database, *patient_ids):
    for patient_id in patient_ids:
        refer(database, "bills", patient_id)


@pytest.fixture
def text(hospital_text):
    fill(hospital_text, *CLASSES)
    refer(hospital_text, "medical_records", NAME)
    return hospital_text


def known_patient(database):
    PatientFactory.create(
        on=database, id=PATIENT, mrn=RECORD, first_name=NAME, last_name=NAME, date_of_birth=BIRTH, phone=PHONE,
        email=EMAIL, national_id=NATIONAL_ID,
    )  # fmt: skip


def test_the_search_finds_what_it_is_there_to_find(listener, hospital_text):
    refer(hospital_text, "bills", ORPHAN)

    listener.said = f"bill of {ORPHAN[:8]}, {hashlib.sha256(ORPHAN.encode()).hexdigest()}, {NAME.split()[0]}"
    hospital_text.execute("DO $$ BEGIN RAISE WARNING '%', (SELECT \"patientId\" FROM bills); END $$")

    assert {place for _, place in listener.leaks()} == {"said", "log"}
    assert len(listener.leaks()) > 4


def test_every_class_through_every_command(listener, text):
    listener.hear(text, "precheck", code=1)
    listener.hear(text, "migrate", code=1)
    listener.hear(text, "backfill_placeholders", "--dry-run", code=1)
    listener.hear(text, "backfill_placeholders", code=1)
    listener.hear(text, "precheck", code=1)
    listener.hear(text, "migrate", "--skip-precheck", code=2)
    listener.hear(text, VERIFY, code=1)
    listener.hear(text, "audit_runs")

    assert listener.leaks() == []


def test_a_way_back_beside_patients(listener, make, text, tmp_path):
    database = make("migrated", "text")
    known_patient(database)
    fill(database, PATIENT)

    listener.hear(text, "diagnose", code=1)
    listener.hear(text, "rehearse", "--writers", "0", code=1, only_reports=True)
    listener.hear(database, "rollback_patient_module", "--dry-run", code=1)
    backup = ("backup_database", "--no-restore-test", "--output", str(tmp_path / "backup"))
    listener.hear(database, *backup, code=0, only_reports=True)

    assert listener.leaks() == []


def test_references_that_are_set_to_null_and_put_back(listener, text):
    listener.hear(text, "backfill_placeholders", "--nullify", "bills")
    listener.hear(text, "backfill_placeholders", "--nullify", "medical_records", code=2)
    listener.hear(text, "backfill_placeholders", "--nullify", "insurance_policies")
    listener.hear(text, "backfill_placeholders", "--restore-nullified")
    listener.hear(text, "audit_runs")

    assert listener.leaks() == []


def test_records_that_cannot_be_put_back(listener, hospital):
    refer(hospital, "bills", ORPHAN)
    listener.hear(hospital, "backfill_placeholders", "--nullify", "bills")
    listener.hear(hospital, "migrate", code=0)
    listener.hear(hospital, "backfill_placeholders", "--restore-nullified", code=1)

    assert listener.leaks() == []


def test_a_conflict_with_a_patient_that_is_there(listener, make):
    database = make("with_patients", "text")
    known_patient(database)
    database.execute("UPDATE patients SET mrn = %s", f"MRN-PLACEHOLDER-{ORPHAN}")
    fill(database, ORPHAN, PATIENT, RECORD)

    listener.hear(database, "backfill_placeholders", code=1)
    listener.hear(database, "precheck", code=1)

    assert listener.leaks() == []


def test_drift_of_every_kind_beside_patients(listener, make):
    database = make("migrated", "text")
    known_patient(database)
    database.execute("SET session_replication_role = replica")
    fill(database, *CLASSES)
    database.execute(
        """ALTER TABLE patients ALTER phone TYPE text, DROP CONSTRAINT "patients_identityStatus_check",
           ADD CONSTRAINT extra CHECK (version > 0), ALTER version SET DEFAULT 3, ADD nick text"""
    )

    listener.hear(database, VERIFY, code=1)
    listener.hear(database, "check", "--database", "default")
    listener.hear(database, "precheck")

    assert listener.leaks() == []


FAILURES = {
    "an exception that names": 'raise ValueError(f"{name} {id}")',
    "an exception of its own kind": 'raise type("Lost", (Exception,), {})(name)',
    "a chain of exceptions": "raise RuntimeError(name) from ValueError(id)",
    "a failed conversion": "int(name)",
    "an assertion": "assert name == id, f'{name} is not {id}'",
    "a key that does not hold": """execute('UPDATE bills SET "patientId" = gen_random_uuid()')""",
    "a second record number": """execute('INSERT INTO patients (id, mrn, "firstName", "lastName", "dateOfBirth", '
        '"updatedAt") SELECT gen_random_uuid(), mrn, "firstName", "lastName", "dateOfBirth", now() FROM patients')""",
    "a value that does not fit": """execute("UPDATE patients SET mrn = repeat(%s, 20)", name)""",
    "a value of no such type": """execute("SELECT %s::uuid", name)""",
    "a date that is none": """execute("SELECT (%s || ' ' || %s)::date", birth, phone)""",
    "a row that breaks a rule": """execute('UPDATE patients SET "identityStatus" = %s', "GHOST")""",
    "a value that is missing": """execute('UPDATE patients SET "lastName" = NULL')""",
    "a column that is named so": """execute(f'SELECT "{name}" FROM patients')""",
    "a message of the server": """execute(
        f"DO $$ BEGIN RAISE '{name}' USING DETAIL = '{id}', HINT = '{phone}'; END $$")""",
    "an object that is not there": 'apps.get_model("patients", "Patient").objects.get(mrn=name)',
    "a validation": "from django.core.exceptions import ValidationError; raise ValidationError(name)",
    "a wrong setting": "from django.core.exceptions import ImproperlyConfigured; raise ImproperlyConfigured(name)",
    "a refusal of a command": "from django.core.management import CommandError; raise CommandError(name)",
    "a file that is not there": "open(name)",
    "a name of an object": """execute("SELECT %s::regclass", name)""",
    "a search": """execute("SELECT to_tsquery(%s)", name + " " + phone)""",
    "a setting of that name": """execute("SELECT current_setting(%s)", name)""",
    "statements made of it": """execute(f"DO $$ BEGIN EXECUTE 'SELECT {name}'; END $$")""",
    "an unfinished literal": """execute(f"SELECT '{name}")""",
    "a table of that name": """execute(f'CREATE TABLE "{id}" (a int, a int)'); execute(f'DROP TABLE "{name}"')""",
    "a command that does not know it": """from django.core.management import call_command
    call_command("precheck", name)""",
    "a database that does not support it": "from django.db import NotSupportedError; raise NotSupportedError(name)",
}
FAILING = """
def fail(apps, editor):
    def execute(sql, *parameters):
        with editor.connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchone() if cursor.description else None
    name, id, phone, birth = execute('SELECT "lastName", id::text, phone, "dateOfBirth"::text FROM patients')
    """


@pytest.mark.parametrize("failure", FAILURES)
def test_migrations_that_fail_with_patient_data_in_their_mouth(listener, make, tmp_path, failure):
    database, ward = make("migrated"), SampleApp(tmp_path)
    known_patient(database)
    fill(database, PATIENT)
    results = []
    for atomic, options in ((True, ()), (False, ("--traceback",))):
        before = FAILING + FAILURES[failure]
        ward.migration("0001_fails", "migrations.RunPython(fail)", atomic=atomic, before=before)
        results.append(database.run("migrate", "ward", *options, **ward.variables))

    listener.said = "".join(result.said for result in results)
    assert listener.said.count("Applying ward.0001_fails") == 2
    assert [result.code for result in results] == [2, 2]
    assert [form for form, place in listener.leaks() if place == "said"] == []


def on_a_terminal(database, *arguments):
    """What a command writes to a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(*arguments), cwd=ROOT, env=environment(**database.variables()), stdin=theirs, stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return running.returncode, shown.decode()


def test_a_person_at_a_terminal_sees_the_ids_on_request_and_is_told_what_they_are(text):
    code, shown = on_a_terminal(text, "precheck", "--show-ids")

    assert code == 1
    assert ORPHAN in shown
    assert NAME in shown
    assert "Patient data, shown because of --show-ids; do not copy it anywhere:" in shown


def test_a_person_at_a_terminal_does_not_see_them_unasked(text):
    _, shown = on_a_terminal(text, "precheck")

    assert "orphans" in shown
    assert not [form for form in SOUGHT if form in shown]


def test_fresh_ids_do_not_look_like_the_ones_sought():
    assert not [form for form in SOUGHT if form in new_id() * 3]
