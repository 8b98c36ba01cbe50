"""What `verify_patient_schema` prints and how it ends: figures, verdict, exit code, for every way to the schema."""

import pytest

from tests.support.factories import PatientFactory, new_id, refer
from tests.support.row_snapshot import row_snapshot

VERIFY = "verify_patient_schema"
FIGURES = {"tables": 6, "foreign_keys": 15, "indexes": 24, "enum_labels": 4}
KEYS = {
    "command", "schema_version", "verdict", "database", "expected", "found", "counted_keys", "uncounted_keys",
    "orphan_rows", "placeholders", "findings", "seconds",
}  # fmt: skip


def finding_ids(result):
    return sorted(one["id"] for one in result.json["findings"])


@pytest.mark.parametrize("id_type", ["uuid", "text"])
@pytest.mark.parametrize("state", ["migrated", "new"])
def test_the_undamaged_schema_has_the_figures_of_the_review(make, state, id_type):
    result = make(state, id_type).run(VERIFY, "--format", "json")

    assert result.code == 0, result.said
    assert set(result.json) == KEYS
    assert (result.json["command"], result.json["schema_version"]) == (VERIFY, 1)
    assert (result.json["verdict"], result.json["findings"]) == ("verified", [])
    assert result.json["expected"] == result.json["found"] == FIGURES
    assert (result.json["orphan_rows"], result.json["placeholders"]) == (0, 0)
    assert result.err.splitlines()[-1] == f"{VERIFY}: verified."


def test_the_text_has_them_by_target_and_by_rule(migrated):
    result = migrated.run(VERIFY)

    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert result.code == 0
    assert lines[0].startswith(f'Database "{migrated.name}" at ')
    assert "tables 6 of 6" in lines
    assert "foreign keys 15 of 15 9 to patients, 6 to users; 5 RESTRICT, 4 CASCADE, 6 SET NULL" in lines or (
        "foreign keys 15 of 15 9 to patients, 6 to users; 6 SET NULL, 5 RESTRICT, 4 CASCADE" in lines
    )
    assert "indexes 24 of 24" in lines
    assert "enum labels 4 of 4" in lines
    assert "Rows without a parent: 0. Placeholders to be resolved: 0." in lines
    assert lines[-1].startswith("Verified: the schema is as declared, and every reference has its parent.")


@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_the_schema_that_was_made_by_hand_lacks_nothing_but_the_two_vocabulary_checks(make, id_type):
    result = make("by_hand", id_type).run(VERIFY, "--format", "json")

    assert result.code == 1
    assert result.json["found"] == FIGURES | {"tables": 5}
    assert [(one["id"], one["subject"]) for one in result.json["findings"]] == [
        ("schema.E021", "patients.patients_allergyStatus_check"),
        ("schema.E021", "patients.patients_identityStatus_check"),
    ]


def test_the_other_id_type_is_drift_in_every_id_column(migrated):
    migrated.id_type = "text"

    result = migrated.run(VERIFY, "--format", "json")

    assert result.code == 1
    assert {one["message"] for one in result.json["findings"]} == {"is declared as TEXT, but is uuid."}
    assert {one["hint"] for one in result.json["findings"]} == {
        "Set EHR_ID_TYPE=uuid: that is what the existing columns are."
    }


def test_one_id_column_of_the_other_type_is_converted_and_the_setting_stays(migrated):
    migrated.execute('ALTER TABLE patient_contacts DROP CONSTRAINT "patient_contacts_patientId_fkey"')
    migrated.execute('ALTER TABLE patient_contacts ALTER "patientId" TYPE text')

    before = migrated.run(VERIFY, "--format", "json")
    (hint,) = (one["hint"] for one in before.json["findings"] if one["id"] == "schema.E005")
    migrated.execute(hint.partition(";")[0])
    after = migrated.run(VERIFY, "--format", "json")

    assert hint.startswith(
        'ALTER TABLE patient_contacts ALTER COLUMN "patientId" TYPE UUID USING "patientId"::UUID; Most changes'
    )
    assert "schema.E005" in finding_ids(before)
    assert finding_ids(after) == ["schema.E013"]


def test_a_table_that_somebody_dropped_has_the_migration_that_prints_its_statement(migrated):
    migrated.execute("DROP TABLE patient_merge_history")

    (missing,) = (
        one for one in migrated.run(VERIFY, "--format", "json").json["findings"] if one["id"] == "schema.E001"
    )

    assert missing["hint"] == (
        "No pending migration creates it, so somebody dropped it. Put it back by hand, from a backup if it held rows. "
        "python manage.py sqlmigrate patients 0001_initial prints its statement."
    )
    printed = migrated.run(*missing["hint"].partition("manage.py ")[2].partition(" prints")[0].split())
    assert 'CREATE TABLE "patient_merge_history"' in printed.out


def test_before_the_migration_everything_is_missing_and_nothing_is_an_error(hospital):
    result = hospital.run(VERIFY, "--format", "json")

    assert result.code == 1
    assert result.json["found"] == dict.fromkeys(FIGURES, 0)
    assert finding_ids(result) == sorted(["schema.E001"] * 6 + ["schema.E013"] * 15 + ["schema.E019"])
    assert result.json["findings"][0]["hint"].startswith("python manage.py migrate")


@pytest.mark.parametrize(
    ("state", "expected", "keys"),
    [("empty", {"schema.E001", "schema.E013", "schema.E019"}, 0), ("with_patients", {"schema.E013"}, 10)],
)
def test_every_stage_on_the_way_is_drift(make, state, expected, keys):
    result = make(state).run(VERIFY, "--format", "json")

    assert result.code == 1
    assert set(finding_ids(result)) == expected
    assert result.json["found"]["foreign_keys"] == keys


def test_what_nobody_counted_is_not_called_0(hospital):
    result = hospital.run(VERIFY)
    told = hospital.run(VERIFY, "--format", "json").json

    assert "Rows without a parent: not counted (0 of 15 foreign keys)." in result.out
    assert "Placeholders" not in result.out
    assert (told["counted_keys"], told["uncounted_keys"], told["orphan_rows"], told["placeholders"]) == (0, 15, 0, 0)


def test_keys_that_are_not_valid_yet_are_drift(make):
    result = make("with_keys").run(VERIFY, "--format", "json")

    assert (result.code, finding_ids(result)) == (1, ["schema.E015"] * 5)
    assert result.json["found"] == FIGURES | {"foreign_keys": 10}


def test_placeholders_are_information_and_no_failure(hospital):
    refer(hospital, "bills", new_id(), new_id())
    for command in ("backfill_placeholders", "migrate"):
        assert hospital.run(command).code == 0

    result = hospital.run(VERIFY, "--format", "json")

    assert (result.code, result.json["verdict"], result.json["placeholders"]) == (0, "verified", 2)
    (one,) = result.json["findings"]
    assert (one["id"], one["level"]) == ("schema.I001", "info")
    assert one["message"] == "holds 2 placeholders still to be resolved."


def test_drift_ends_with_exit_code_1_and_says_what_is_declared_and_what_is_there(migrated):
    migrated.execute("ALTER TABLE patients ALTER version SET DEFAULT 2")

    result = migrated.run(VERIFY)

    assert result.code == 1
    words = " ".join(result.out.split())
    change = "ALTER TABLE patients ALTER COLUMN version SET DEFAULT 1;"
    assert f'error schema.E007 patients."version" is declared with the default 1, but has 2. → {change}' in words
    assert "tables 5 of 6" in words
    assert result.out.splitlines()[-1].startswith("Drift: the database is not as declared.")
    assert result.err.splitlines()[-1] == f"{VERIFY}: drift."


def test_a_role_that_may_only_read_is_enough(migrated, new_role):
    reader = new_role()
    migrated.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    PatientFactory.create(on=migrated)

    result = migrated.run(
        VERIFY, url=migrated.server.url(migrated.name, user=reader) + "?options=-cdefault_transaction_read_only%3Don"
    )

    assert result.code == 0, result.said
    assert f'as "{reader}".' in " ".join(result.out.split())


def test_a_role_that_may_not_read_cannot_look(migrated, new_role):
    reader = new_role()
    migrated.execute(
        f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"; REVOKE SELECT ON bills FROM "{reader}"'
    )

    result = migrated.run(VERIFY, url=migrated.server.url(migrated.name, user=reader))

    assert (result.code, result.out) == (2, "")
    assert f'privilege.E001: The role "{reader}" may not read bills. Nothing was checked.' in result.err
    assert f'GRANT SELECT ON bills TO "{reader}";' in result.err


def test_verifying_writes_nothing(migrated):
    refer(migrated, "bills", None)
    before = row_snapshot(migrated)

    migrated.run(VERIFY)

    assert row_snapshot(migrated) == before


def test_another_database_than_the_expected_one_is_not_looked_at(migrated):
    result = migrated.run(VERIFY, "--expect-database", "hospital", "--format", "json")

    assert (result.code, result.out) == (2, "")
    assert "target.E001" in result.err


def test_the_report_goes_to_the_file_alone(migrated, tmp_path):
    report = tmp_path / "report.json"

    result = migrated.run(VERIFY, "--format", "json", "--output", str(report))

    assert (result.code, result.out) == (0, "")
    assert '"verdict": "verified"' in report.read_text()
