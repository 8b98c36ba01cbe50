"""The proof: Prisma's own SQL, our migrations on the hospital, and our migrations from nothing end in one catalog."""

import subprocess

import pytest

from tests.support.catalog_snapshot import catalog_snapshot, row_versions, storage
from tests.support.cluster import STATES
from tests.support.factories import REFERENCING, UserFactory, refer

HOSPITAL = ("users", *REFERENCING)
MODULE = (
    "patients", "patient_contacts", "patient_documents", "patient_allergies", "patient_risk_flags",
    "patient_merge_history",
)  # fmt: skip
ID_TYPES = pytest.mark.parametrize("id_type", ["uuid", "text"])
MIGRATIONS = [
    ("ehr", "0001_initial"),
    ("patients", "0001_initial"),
    ("ehr", "0002_patient_keys_not_valid"),
    ("ehr", "0003_validate_patient_keys"),
]


@ID_TYPES
@pytest.mark.parametrize("ours", ["migrated", "new"])
def test_our_migrations_end_in_the_catalog_of_prismas_own_sql(make, id_type, ours):
    by_hand, by_us = catalog_snapshot(make("by_hand", id_type)), catalog_snapshot(make(ours, id_type))

    for part, expected in by_hand.items():
        assert by_us[part] == expected, part


def test_the_catalog_snapshot_has_the_figures_of_the_review(make):
    taken = catalog_snapshot(make("by_hand"))

    keys = [row[2] for row in taken["constraints"] if row[2].startswith("FOREIGN KEY")]
    assert len(keys) == 15
    assert sum("REFERENCES patients(" in key for key in keys) == 9
    assert {rule: sum(f"ON DELETE {rule}" in key for key in keys) for rule in ("RESTRICT", "CASCADE", "SET NULL")} == {
        "RESTRICT": 5, "CASCADE": 4, "SET NULL": 6,
    }  # fmt: skip
    assert taken["enums"] == [("PatientStatus", ["ACTIVE", "INACTIVE", "DECEASED", "ARCHIVED"])]
    assert len(catalog_snapshot(make("by_hand"), tables=MODULE)["indexes"]) == 24 + 6
    assert all(validated and not deferrable for *_, validated, deferrable in taken["constraints"])


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE bills ALTER COLUMN currency TYPE varchar(4)",
        "ALTER TABLE bills ALTER COLUMN subtotal SET DEFAULT 1",
        'ALTER TABLE patients ALTER COLUMN "createdAt" SET DEFAULT now()',
        "ALTER TABLE patients ALTER COLUMN mrn DROP NOT NULL",
        "CREATE INDEX bills_currency_idx ON bills (currency)",
        "DROP INDEX patients_phone_idx",
        "ALTER TYPE \"PatientStatus\" ADD VALUE 'MERGED'",
        'ALTER TABLE bills DROP CONSTRAINT "bills_patientId_fkey"',
        "ALTER TABLE bills DISABLE TRIGGER ALL",
        "ALTER TABLE patients ADD CONSTRAINT extra CHECK (version > 0)",
    ],
)
def test_the_catalog_snapshot_shows_every_kind_of_difference(make, change):
    database = make("by_hand")
    before = catalog_snapshot(database)

    database.execute(change)

    assert catalog_snapshot(database) != before


@ID_TYPES
def test_migrating_the_hospital_adds_keys_to_its_tables_and_touches_nothing_else(make, id_type):
    hospital = make("hospital", id_type)
    UserFactory.create_batch(3, on=hospital)
    for table in ("bills", "insurance_policies"):
        refer(hospital, table, None, None)
    files, rows, before = (look(hospital, HOSPITAL) for look in (storage, row_versions, picture))

    done = hospital.run("migrate")

    assert done.code == 0, done.said
    after = picture(hospital, HOSPITAL)
    assert storage(hospital, HOSPITAL) == files
    assert row_versions(hospital, HOSPITAL) == rows
    assert [after[part] for part in ("tables", "columns", "indexes")] == [
        before[part] for part in ("tables", "columns", "indexes")
    ]
    added = {name for _, name, *_ in set(after["constraints"]) - set(before["constraints"])}
    assert set(before["constraints"]) < set(after["constraints"])
    assert added == {f"{table}_patientId_fkey" for table in REFERENCING}


def picture(database, tables):
    return catalog_snapshot(database, tables=tables)


@ID_TYPES
def test_the_sql_that_sqlmigrate_prints_is_run_by_psql_as_it_is(make, id_type):
    database, expected = make("hospital", id_type), catalog_snapshot(make("by_hand", id_type))
    for app, name in MIGRATIONS[1:]:
        printed = database.run("sqlmigrate", app, name)

        assert (printed.code, printed.err) == (0, "")
        psql(database, printed.out)

    assert catalog_snapshot(database) == expected


def test_the_sql_of_the_baseline_makes_the_hospital(make, empty):
    psql(empty, empty.run("sqlmigrate", "ehr", "0001").out)

    assert catalog_snapshot(empty) == catalog_snapshot(make("hospital"))


def psql(database, script):
    from migrations_safety.postgresql.embedded_server import binaries

    program = str(binaries(database.server.version) / "psql")
    subprocess.run(
        [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", database.url],
        input=script,
        text=True,
        check=True,
        capture_output=True,
    )


def test_all_states_that_the_tests_start_from_can_be_made(make):
    for state in STATES:
        assert make(state).value("SELECT true")
