"""`verify_schema` on the command line: exit codes, JSON, text, and what it refuses."""

from tests.support.factories import new_id, refer

VERIFY = "verify_schema"
KINDS = {"tables", "columns", "indexes", "constraints", "foreign_keys", "enum_labels"}


def test_the_patient_module_is_as_declared(migrated):
    result = migrated.run(VERIFY, "patients", "--format", "json")

    assert result.code == 0, result.said
    report = result.json
    assert (report["command"], report["schema_version"], report["verdict"]) == (VERIFY, 1, "verified")
    assert report["apps"] == ["patients"]
    assert set(report["expected"]) == KINDS
    assert report["expected"] == report["found"]
    assert (report["counted_keys"], report["uncounted_keys"], report["orphan_rows"]) == (15, 0, 0)
    assert (report["not_compared"], report["findings"]) == ([], [])
    assert result.err.splitlines()[-1] == "verify_schema: verified."


def test_drift_ends_with_1_and_says_what_to_type(migrated):
    migrated.execute('DROP INDEX "patients_phone_idx"')

    result = migrated.run(VERIFY, "patients", "--no-data")

    words = " ".join(result.out.split())
    assert result.code == 1
    assert "error schema.E009 patients.patients_phone_idx is declared as an index USING btree (phone)" in words
    assert "→ CREATE INDEX CONCURRENTLY patients_phone_idx ON patients USING btree (phone);" in words
    assert "Rows without a parent: not counted (0 of 15 foreign keys)." in words
    assert result.err.splitlines()[-1] == "verify_schema: drift."


def test_without_data_no_row_is_read(hospital):
    refer(hospital, "bills", new_id())

    without, with_data = (hospital.run(VERIFY, "ehr", *more, "--format", "json") for more in (["--no-data"], []))

    assert (without.code, with_data.code) == (1, 1)
    assert without.json["counted_keys"] == 0
    assert without.json["orphan_rows"] == 0


def test_an_app_that_is_not_installed_ends_with_2(migrated):
    result = migrated.run(VERIFY, "nothing", "--format", "json")

    assert (result.code, result.out) == (2, "")
    assert 'No installed app has the label "nothing"' in result.err
    assert "Installed are ehr, migrations_safety, patients." in result.err


def test_a_table_that_may_not_be_read_ends_with_2(migrated, new_role):
    reader = new_role()
    migrated.execute(f"""GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}";
                         REVOKE SELECT ON patient_merge_history FROM "{reader}" """)

    result = migrated.run(VERIFY, "--no-data", url=migrated.server.url(migrated.name, user=reader))

    assert (result.code, result.out) == (2, "")
    assert "privilege.E001" in result.err
    assert "patient_merge_history" in result.err


def test_rows_that_row_security_hides_end_with_2(migrated, new_role):
    reader = new_role()
    migrated.execute(f"""GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}";
                         ALTER TABLE bills ENABLE ROW LEVEL SECURITY""")

    result = migrated.run(VERIFY, url=migrated.server.url(migrated.name, user=reader))

    assert (result.code, result.out) == (2, "")
    assert "privilege.E00" in result.err


def test_no_data_and_all_keys_exclude_each_other(migrated):
    result = migrated.run(VERIFY, "--no-data", "--all-keys")

    assert result.code == 2
    assert "not allowed with" in result.err
