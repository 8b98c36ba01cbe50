"""What `precheck` prints and how it ends: exit code, stdout and stderr, as a deploy script sees them."""

import re
import stat

import pytest

from tests.support.factories import REFERENCING, InsurancePolicyFactory, PatientFactory, refer

ONE, TWO = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2))
NIL = "00000000-0000-0000-0000-000000000000"
KEYS = {
    "command", "schema_version", "verdict", "database", "migrations", "operations", "references", "findings", "seconds",
}  # fmt: skip
REFERENCE_KEYS = {
    "table", "column", "column_type", "nullable", "indexed", "target_table", "target_column", "target_type",
    "total_rows", "non_null", "distinct_values", "orphan_values", "orphan_rows", "classes",
}  # fmt: skip
ALL_MIGRATIONS = [
    {"app": "patients", "name": "0001_initial", "atomic": True},
    {"app": "ehr", "name": "0002_patient_keys_not_valid", "atomic": False},
    {"app": "ehr", "name": "0003_validate_patient_keys", "atomic": False},
]


def finding_ids(result):
    return [one["id"] for one in result.json["findings"]]


def reference(result, table):
    return next(one for one in result.json["references"] if one["table"] == table)


def test_a_hospital_without_references_is_safe(hospital):
    result = hospital.run("precheck", "--format", "json")

    assert result.code == 0
    report = result.json
    assert set(report) >= KEYS
    assert (report["command"], report["schema_version"], report["verdict"]) == ("precheck", 1, "attention")
    assert finding_ids(result) == ["references.W003"]
    assert report["database"] == {
        "alias": "default",
        "name": hospital.name,
        "schema": "public",
        "host": str(hospital.server.folder),
        "port": hospital.server.port,
        "server_version": report["database"]["server_version"],
        "in_recovery": False,
    }
    assert report["database"]["server_version"].startswith(str(hospital.server.version))
    assert report["migrations"] == ALL_MIGRATIONS
    assert report["adopted"] == [{"app": "ehr", "name": "0001_initial"}]
    assert report["operations"] == {
        "create_enum": 1, "create_table": 6, "create_index": 24,
        "add_foreign_key": 15, "validate_foreign_key": 5, "other": 0,
    }  # fmt: skip
    assert {one["table"] for one in report["references"]} == set(REFERENCING)
    assert all(set(one) >= REFERENCE_KEYS for one in report["references"])
    assert report["seconds"] > 0
    assert result.err.splitlines()[-1] == "precheck: attention, 0 blocking findings."


def test_orphans_block_and_the_report_has_their_figures(hospital):
    refer(hospital, "bills", ONE, ONE, NIL, None)
    refer(hospital, "surgical_cases", TWO)

    result = hospital.run("precheck", "--format", "json")

    assert result.code == 1
    assert result.json["verdict"] == "blocked"
    assert reference(result, "bills") == {
        "table": "bills", "column": "patientId", "column_type": "uuid", "nullable": True, "indexed": True,
        "target_table": "patients", "target_column": "id", "target_type": "uuid", "total_rows": 4, "non_null": 3,
        "distinct_values": 2, "orphan_values": 2, "orphan_rows": 3, "classes": {"uuid_canonical": 1, "uuid_nil": 1},
        "orphan_classes": {"uuid_canonical": 1, "uuid_nil": 1},
    }  # fmt: skip
    assert finding_ids(result) == [
        "references.E001",
        "references.E001",
        "references.E002",
        "references.W003",
    ]
    first = result.json["findings"][0]
    assert first == {
        "id": "references.E001",
        "level": "error",
        "subject": 'bills."patientId"',
        "message": "holds 1 value in 2 rows with no row in patients.",
        "hint": "python manage.py backfill_placeholders",
        "migration": None,
        "operation": None,
        "rows": None,
        "declared": None,
        "found": None,
        "accepted": None,
    }
    assert result.err.splitlines()[-1] == "precheck: blocked, 3 blocking findings."


def test_the_text_shows_database_table_findings_and_the_verdict_last(hospital):
    refer(hospital, "bills", ONE, ONE, NIL, None)

    result = hospital.run("precheck")

    lines = result.out.splitlines()
    assert result.code == 1
    assert lines[0].startswith(f'Database "{hospital.name}" at {hospital.server.folder}:{hospital.server.port}')
    assert re.search(r'^bills\."patientId" +uuid null +4 +3 +2 +2 +3$', result.out, re.MULTILINE)
    assert "error references.E001" in result.out
    assert "→ python manage.py backfill_placeholders" in result.out
    assert re.fullmatch(r"Blocked: do not migrate yet\. \(\d+\.\d s\)", lines[-1])
    assert "\x1b" not in result.said
    assert max(map(len, lines)) <= 100


def test_neither_text_nor_json_shows_an_identifier(hospital_text):
    secrets = ["Achieng Otieno", "0712 345 678", "MRN-77123", ONE, TWO.upper()]
    refer(hospital_text, "bills", *secrets)

    results = [hospital_text.run("precheck", "--format", kind) for kind in ("text", "json")]

    assert [result.code for result in results] == [1, 1]
    assert not [secret for secret in secrets for result in results if secret.lower() in result.said.lower()]


def test_colour_is_used_on_request_only(hospital):
    assert "\x1b[" in hospital.run("precheck", "--force-color").out
    assert "\x1b[" not in hospital.run("precheck", "--force-color", NO_COLOR="1").out


def test_progress_goes_to_stderr_and_may_be_left_out(hospital):
    told, silent = hospital.run("precheck"), hospital.run("precheck", "--no-progress")

    assert "Counting 5 references" in told.err
    assert "Counting" not in told.out
    assert silent.err == "precheck: attention, 0 blocking findings.\n"


def test_a_rate_is_kept_and_the_place_is_told_meanwhile(hospital):
    hospital.execute("""
        ALTER TABLE bills SET (fillfactor = 10);
        INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
        SELECT gen_random_uuid(), 'B-' || n, gen_random_uuid(), 500, now() FROM generate_series(1, 5500) AS n""")
    megabytes = hospital.value("SELECT pg_relation_size('bills') / 1048576")

    result = hospital.run("precheck", "--max-rate", "1", "--format", "json")

    assert reference(result, "bills")["total_rows"] == 5500
    assert result.json["seconds"] > megabytes - 2
    assert f"Counting 5 references, MB: {megabytes}" in result.err
    places = [int(one) for one in re.findall(rf"Counting 5 references, MB: (\d+) of {megabytes}", result.err)]
    assert places == sorted(places)
    assert 0 < places[0] < megabytes


def test_without_data_the_catalog_alone_is_looked_at(hospital):
    refer(hospital, "bills", ONE)

    text, json = hospital.run("precheck", "--no-data"), hospital.run("precheck", "--no-data", "--format", "json")

    assert (text.code, json.code) == (0, 0)
    assert "The data was not counted (--no-data), so orphans are unknown." in text.out
    assert (json.json["data_counted"], json.json["references"]) == (False, [])


def test_warnings_block_where_they_are_asked_to(hospital):
    strict = hospital.run("precheck", "--fail-level", "warning", "--format", "json")
    usual = hospital.run("precheck", "--fail-level", "error", "--format", "json")

    assert (strict.code, strict.json["verdict"]) == (1, "blocked")
    assert (usual.code, usual.json["verdict"]) == (0, "attention")


def test_with_every_column_indexed_nothing_is_left_to_say(hospital):
    hospital.execute('CREATE INDEX ON insurance_policies ("patientId")')

    result = hospital.run("precheck", "--fail-level", "warning")

    assert result.code == 0
    assert "Safe to migrate." in result.out
    assert result.err.splitlines()[-1] == "precheck: safe, 0 blocking findings."


def test_only_the_database_that_is_expected_is_looked_at(hospital):
    right = hospital.run("precheck", "--expect-database", hospital.name)
    wrong = hospital.run("precheck", "--expect-database", "hospital_prod", "--format", "json")

    assert right.code == 0
    assert (wrong.code, wrong.out) == (2, "")
    assert f'target.E001: The connected database is "{hospital.name}", but "hospital_prod" was expected' in wrong.err


def test_the_report_is_written_to_a_file_that_only_its_owner_reads(hospital, tmp_path):
    file = tmp_path / "report.json"
    file.write_text("older")
    refer(hospital, "bills", ONE)

    result = hospital.run("precheck", "--format", "json", "--output", str(file))

    assert (result.code, result.out) == (1, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert '"verdict": "blocked"' in file.read_text()
    assert list(tmp_path.iterdir()) == [file]


def test_where_it_could_not_look_the_older_report_stays_whole(hospital, tmp_path):
    file = tmp_path / "report.json"
    file.write_text("older")

    result = hospital.run("precheck", "--output", str(file), "--expect-database", "other")

    assert (result.code, file.read_text(), list(tmp_path.iterdir())) == (2, "older", [file])


@pytest.mark.parametrize(
    ("state", "pending"),
    [("hospital", 3), ("with_patients", 2), ("with_keys", 1), ("migrated", 0)],
)
@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_it_works_before_in_between_and_after(make, state, pending, id_type):
    database = make(state, id_type)
    if state != "migrated":
        database.execute("SET session_replication_role = replica")
        InsurancePolicyFactory.create(on=database, patient_id=ONE)

    result = database.run("precheck", "--format", "json")

    assert result.code == (1 if pending else 0), result.said
    assert result.json["migrations"] == ALL_MIGRATIONS[3 - pending :]
    assert len(result.json["references"]) == (5 if pending else 0)
    if pending:
        assert reference(result, "insurance_policies")["orphan_rows"] == 1


def test_after_everything_there_is_nothing_to_do(migrated):
    result = migrated.run("precheck", "--fail-level", "warning")

    assert result.code == 0
    assert "Nothing to do: all migrations are applied." in result.out


def test_on_an_empty_database_everything_is_made(empty):
    result = empty.run("precheck", "--format", "json")

    assert (result.code, result.json["verdict"], result.json["adopted"]) == (0, "safe", [])
    assert result.json["operations"]["create_table"] == 12
    assert result.json["references"] == []


def test_the_arguments_of_migrate_choose_what_is_looked_at(make):
    database = make("hospital")
    refer(database, "bills", ONE)

    tables = database.run("precheck", "patients", "--format", "json")
    back = make("migrated").run("precheck", "patients", "zero", "--format", "json")

    assert (tables.code, tables.json["migrations"], tables.json["references"]) == (0, ALL_MIGRATIONS[:1], [])
    assert (back.code, back.json["migrations"], back.json["references"]) == (0, [], [])


def test_with_a_patient_for_every_reference_it_is_safe(make):
    database = make("with_patients")
    PatientFactory.create(on=database, id=ONE)
    refer(database, "bills", ONE, ONE)

    result = database.run("precheck", "--format", "json")

    assert (result.code, reference(result, "bills")["orphan_rows"]) == (0, 0)
