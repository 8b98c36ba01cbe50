"""Each kind of difference in foreign keys is made by hand and found; a validity flag alone is never believed."""

import pytest

from tests.support.factories import PatientFactory, new_id, refer
from tests.support.verification_findings import found, told, verify

KEY = "bills.bills_patientId_fkey"
DECLARED = "FOREIGN KEY (patientId) REFERENCES patients (id) ON DELETE RESTRICT ON UPDATE CASCADE"
DROP = 'ALTER TABLE bills DROP CONSTRAINT "bills_patientId_fkey"'
COLUMNS = 'ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" FOREIGN KEY ("patientId") REFERENCES'
RULES = "ON DELETE RESTRICT ON UPDATE CASCADE"
MAKE_OTHERS = "CREATE TABLE others (id uuid PRIMARY KEY)"
OTHER_SCHEMA = "CREATE SCHEMA other; CREATE TABLE other.patients (id uuid PRIMARY KEY)"


def differs(what_is_there):
    return f"schema.E014 {KEY} is declared as {DECLARED}, but is {what_is_there}."


DIFFERENCES = {
    "missing": (DROP, f"schema.E013 {KEY} is declared as {DECLARED}, but does not exist."),
    "under another name": (
        'ALTER TABLE bills RENAME CONSTRAINT "bills_patientId_fkey" TO renamed',
        f"schema.E013 {KEY} is declared as {DECLARED}, but does not exist.",
    ),
    "on another table": (
        f'{DROP}; CREATE TABLE other (patient uuid CONSTRAINT "bills_patientId_fkey" REFERENCES patients {RULES})',
        f"schema.E013 {KEY} is declared as {DECLARED}, but does not exist.",
    ),
    "another target": (
        f"{MAKE_OTHERS}; {DROP}; {COLUMNS} others {RULES}",
        differs(DECLARED.replace("patients", "others")),
    ),
    "a target of the same name in another schema": (
        f"{OTHER_SCHEMA}; {DROP}; {COLUMNS} other.patients {RULES}",
        differs(DECLARED.replace("patients", "other.patients")),
    ),
    "another column": (
        DROP + "; " + COLUMNS.replace('("patientId")', "(id)") + f" patients {RULES}",
        differs(DECLARED.replace("(patientId)", "(id)")),
    ),
    "another rule for deletes": (
        f"{DROP}; {COLUMNS} patients ON DELETE CASCADE ON UPDATE CASCADE",
        differs(DECLARED.replace("RESTRICT", "CASCADE")),
    ),
    "NO ACTION for RESTRICT": (
        f"{DROP}; {COLUMNS} patients ON UPDATE CASCADE",
        differs(DECLARED.replace("RESTRICT", "NO ACTION")),
    ),
    "another rule for updates": (
        f"{DROP}; {COLUMNS} patients ON DELETE RESTRICT",
        differs(DECLARED.replace("CASCADE", "NO ACTION")),
    ),
    "deferrable": (f"{DROP}; {COLUMNS} patients {RULES} DEFERRABLE", differs(f"{DECLARED} DEFERRABLE")),
    "MATCH FULL": (
        f"{DROP}; {COLUMNS} patients MATCH FULL {RULES}",
        differs(f"{DECLARED} with MATCH FULL or a column list in its rule"),
    ),
    "not valid": (
        f"{DROP}; {COLUMNS} patients {RULES} NOT VALID",
        f"schema.E015 {KEY} is declared as valid, but is NOT VALID: older rows were never checked.",
    ),
    "without its triggers": (
        "ALTER TABLE bills DISABLE TRIGGER ALL",
        f"schema.E017 {KEY} is declared as enforced, but 2 of its triggers are disabled.",
    ),
    "with triggers of a replica": (
        """DO $$ DECLARE one name; BEGIN
           FOR one IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'bills'::regclass LOOP
               EXECUTE format('ALTER TABLE bills ENABLE REPLICA TRIGGER %I', one); END LOOP; END $$""",
        f"schema.E017 {KEY} is declared as enforced, but 2 of its triggers are disabled.",
    ),
    "extra, on a table of the module": (
        'ALTER TABLE patient_documents ADD CONSTRAINT extra FOREIGN KEY ("uploadedBy") REFERENCES users',
        "schema.E018 patient_documents.extra is not declared, "
        "but exists as FOREIGN KEY (uploadedBy) REFERENCES users ON DELETE NO ACTION.",
    ),
    "a second one on the same column": (
        'ALTER TABLE bills ADD CONSTRAINT extra FOREIGN KEY ("patientId") REFERENCES patients ON DELETE CASCADE',
        "schema.E018 bills.extra is not declared, "
        "but exists as FOREIGN KEY (patientId) REFERENCES patients ON DELETE CASCADE.",
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_difference_is_found_and_nothing_else(migrated, in_process, difference):
    damage, expected = DIFFERENCES[difference]
    in_process(migrated)

    migrated.execute(damage)

    assert found() == {expected} | renamed_twin(difference)


def renamed_twin(difference):
    """A key under another name is missing by its own, and one too many on its column."""
    if difference != "under another name":
        return set()
    return {
        "schema.E018 bills.renamed is not declared, "
        "but exists as FOREIGN KEY (patientId) REFERENCES patients ON DELETE RESTRICT."
    }


def test_a_key_that_is_not_enforced_is_found(migrated, in_process):
    if migrated.server.version < 18:
        pytest.skip("NOT ENFORCED came with PostgreSQL 18")
    in_process(migrated)

    migrated.execute('ALTER TABLE bills ALTER CONSTRAINT "bills_patientId_fkey" NOT ENFORCED')

    assert found() == {f"schema.E016 {KEY} is declared as enforced, but is NOT ENFORCED."}


def test_triggers_that_are_off_on_the_parent_are_found_for_each_of_its_keys(migrated, in_process):
    in_process(migrated)

    migrated.execute("ALTER TABLE patients DISABLE TRIGGER ALL")

    off = {one for one in found() if one.startswith("schema.E017")}
    assert len(off) == 15  # nine keys that point at it, six of its own
    assert off == found()


@pytest.mark.parametrize("table", ["patients", "patient_allergies"])
def test_a_dropped_parent_is_told_with_every_key_that_pointed_at_it(migrated, in_process, table):
    in_process(migrated)

    migrated.execute(f"DROP TABLE {table} CASCADE")

    missing_keys = [one for one in found() if one.startswith("schema.E013")]
    assert len(missing_keys) == {"patients": 15, "patient_allergies": 1}[table]


def test_a_missing_table_of_the_hospital_is_a_missing_key(migrated, in_process):
    in_process(migrated)

    migrated.execute("DROP TABLE bills")

    assert found() == {f"schema.E013 {KEY} is declared as {DECLARED}, but does not exist."}


def test_orphans_are_counted_although_the_key_says_valid(migrated, in_process):
    in_process(migrated)
    one = new_id()

    migrated.execute("SET session_replication_role = replica")
    refer(migrated, "bills", one, one, new_id(), None)
    migrated.execute("RESET session_replication_role")

    report = verify()
    assert found(report) == {
        'schema.E024 bills."patientId" holds 2 values in 3 rows with no row in patients, '
        "although its key is marked valid."
    }
    assert report.orphan_rows == 3
    assert report.found["foreign_keys"] == 15


def test_orphans_of_the_modules_own_tables_are_counted_too(migrated, in_process):
    in_process(migrated)
    patient = new_id()
    PatientFactory.create(on=migrated, id=patient)

    migrated.execute("SET session_replication_role = replica")
    migrated.execute('UPDATE patients SET "createdBy" = %s', new_id())
    migrated.execute("RESET session_replication_role")

    assert found() == {
        'schema.E024 patients."createdBy" holds 1 value in 1 row with no row in users, '
        "although its key is marked valid."
    }


def test_what_stands_beside_the_module_is_no_difference(migrated, in_process):
    in_process(migrated)
    migrated.execute(
        """CREATE TABLE encounters (id uuid PRIMARY KEY, "patientId" uuid REFERENCES patients ON DELETE CASCADE);
           CREATE INDEX ON bills (currency); ALTER TABLE bills ADD nickname text;
           ALTER TABLE bills ADD CONSTRAINT bills_more CHECK (version > 0);
           CREATE SCHEMA other; CREATE TABLE other.patients (id text); CREATE VIEW everyone AS SELECT * FROM patients"""
    )
    PatientFactory.create(on=migrated)

    report = verify()

    assert told(report) == set()
    assert report.verdict == "verified"
