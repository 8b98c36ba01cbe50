"""All that Django's `migrate` does goes on working: its options, other apps, other databases, test databases."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.commands import manage
from tests.support.factories import new_id, refer
from tests.support.row_snapshot import row_snapshot
from tests.support.sample_app import SampleApp

RECORDED = "SELECT app || '.' || name FROM django_migrations WHERE app IN ('ehr', 'patients', 'ward') ORDER BY id"
BEDS = "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True)), ('name', models.TextField())])"


def recorded(database):
    return [name for (name,) in database.rows(RECORDED)]


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


def test_a_plan_is_told_and_nothing_is_done(hospital):
    refer(hospital, "bills", new_id())
    before = catalog_snapshot(hospital), row_snapshot(hospital)

    result = hospital.run("migrate", "--plan")

    assert result.code == 0
    assert "Create enum PatientStatus" in result.out
    assert "Add foreign key bills_patientId_fkey on bill, not valid yet" in result.out
    assert "Validate foreign key bills_patientId_fkey on bill" in result.out
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


@pytest.mark.parametrize(("state", "code"), [("hospital", 1), ("with_keys", 1), ("migrated", 0)])
def test_check_says_by_its_exit_code_whether_anything_is_pending(make, state, code):
    database = make(state)
    before = row_snapshot(database)

    result = database.run("migrate", "--check")

    assert result.code == code
    assert row_snapshot(database) == before


def test_fake_records_and_touches_nothing_else(hospital):
    refer(hospital, "bills", new_id())
    before = catalog_snapshot(hospital)

    result = hospital.run("migrate", "--fake")

    assert result.code == 0, result.said
    assert catalog_snapshot(hospital) == before
    assert len(recorded(hospital)) == 4


def test_prune_forgets_migrations_whose_files_are_gone(migrated):
    migrated.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ehr', '0000_gone', now())")

    result = migrated.run("migrate", "--prune", "ehr")

    assert result.code == 0, result.said
    assert "Pruning ehr.0000_gone OK" in result.out
    assert "ehr.0000_gone" not in recorded(migrated)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("patients",), ["ehr.0001_initial", "patients.0001_initial"]),
        (("patients", "0001"), ["ehr.0001_initial", "patients.0001_initial"]),
        (("ehr", "0001_initial"), ["ehr.0001_initial"]),
        (("ehr", "0002"), ["ehr.0001_initial", "patients.0001_initial", "ehr.0002_patient_keys_not_valid"]),
    ],
)
def test_app_and_migration_names_are_understood(hospital, arguments, expected):
    result = hospital.run("migrate", *arguments)

    assert result.code == 0, result.said
    assert recorded(hospital) == expected


@pytest.mark.parametrize("arguments", [("nowhere",), ("patients", "0009"), ("ehr", "000")])
@pytest.mark.parametrize("options", [(), ("--skip-precheck",), ("--plan",), ("--fake",)])
def test_unknown_names_are_told_so_and_nothing_changes(hospital, arguments, options):
    before = catalog_snapshot(hospital), row_snapshot(hospital)

    result = hospital.run("migrate", *arguments, *options)

    assert (result.code, result.out) == (2, "")
    assert arguments[-1] in result.err
    assert "Traceback" not in result.err
    assert (catalog_snapshot(hospital), row_snapshot(hospital)) == before


def test_another_database_is_migrated_by_its_alias(hospital, make):
    other = make("hospital")
    before = catalog_snapshot(hospital)

    result = hospital.run("migrate", "--database", "other", DATABASE_URL_OTHER=other.url)

    assert result.code == 0, result.said
    assert len(recorded(other)) == 4
    assert catalog_snapshot(hospital) == before


def test_silence_is_kept_where_it_is_asked_for(hospital):
    result = hospital.run("migrate", "--verbosity", "0")

    assert (result.code, result.said) == (0, "")


def test_another_apps_migrations_run_beside_ours(hospital, ward):
    ward.migration("0001_initial", BEDS)
    ward.migration("0002_more", "migrations.RunPython(fill)", after=("ward", "0001_initial"), before="""
        def fill(apps, editor):
            apps.get_model("ward", "Bed").objects.create(name="1 West")
    """)  # fmt: skip

    result = hospital.run("migrate", **ward.variables)

    assert result.code == 0, result.said
    assert hospital.value("SELECT name FROM ward_bed") == "1 West"
    assert recorded(hospital)[-1].startswith(("ward", "ehr"))
    assert len(recorded(hospital)) == 6


def test_one_app_alone_goes_forward_and_back(hospital, ward):
    ward.migration("0001_initial", BEDS)

    forward = hospital.run("migrate", "ward", **ward.variables)
    there = recorded(hospital)
    back = hospital.run("migrate", "ward", "zero", **ward.variables)

    assert (forward.code, back.code) == (0, 0), forward.said + back.said
    assert (there, recorded(hospital)) == (["ward.0001_initial"], [])
    assert hospital.value("SELECT to_regclass('ward_bed') IS NULL")


def test_a_key_of_djangos_own_to_a_patient_is_counted_before_it_is_made(make, ward):
    database = make("with_patients")
    database.execute("CREATE TABLE ward_stay (id bigserial PRIMARY KEY, patient_id uuid)")
    database.execute("INSERT INTO ward_stay (patient_id) VALUES (%s)", new_id())
    key = "models.ForeignKey('patients.Patient', models.DO_NOTHING, null=True, db_constraint={})"
    stay = f"migrations.CreateModel('Stay', [('id', models.BigAutoField(primary_key=True)), ('patient', {key})])"
    ward.migration("0001_initial", stay.format(False), after=("patients", "0001_initial"))
    ward.migration(
        "0002_key", f"migrations.AlterField('Stay', 'patient', {key.format(True)})", after=("ward", "0001_initial")
    )
    assert database.run("migrate", "ward", "0001", "--fake", **ward.variables).code == 0

    result = database.run("migrate", "ward", **ward.variables)

    assert result.code == 1
    assert 'ward_stay."patient_id" holds 1 value in 1 row with no row in patients.' in " ".join(result.out.split())


def test_a_migration_that_fails_is_undone_and_run_again(hospital, ward):
    ward.migration("0001_initial", f"{BEDS}, migrations.RunPython(fail)", before="""
        import pathlib
        def fail(apps, editor):
            assert pathlib.Path(__file__).with_name("mended").exists()
    """)  # fmt: skip
    before = catalog_snapshot(hospital)

    failed = hospital.run("migrate", "ward", **ward.variables)
    between = catalog_snapshot(hospital)
    ward.write("ward/migrations/mended", "")
    again = hospital.run("migrate", "ward", **ward.variables)

    assert (failed.code, again.code) == (2, 0), again.said
    assert between == before
    assert recorded(hospital) == ["ward.0001_initial"]


def test_djangos_own_test_databases_are_made_and_dropped(empty, ward):
    ward.migration("0001_initial", BEDS)
    ward.models(
        "class Bed(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    name = models.TextField()\n"
    )
    ward.write("ward/tests.py", """
        from django.test import TestCase
        from patients.models import Patient
        from ward.models import Bed

        class Tests(TestCase):
            def test_tables(self):
                Bed.objects.create(name="1 West")
                Patient.objects.create(mrn="1", first_name="A", last_name="B", date_of_birth="1980-01-01")
                self.assertEqual((Bed.objects.count(), Patient.objects.count()), (1, 1))
    """)  # fmt: skip

    result = empty.run("test", "ward", "--noinput", **ward.variables)

    assert result.code == 0, result.said
    assert "Ran 1 test" in result.err
    assert empty.rows("SELECT datname FROM pg_database WHERE datname LIKE %s", f"test_{empty.name}%") == []


def test_migrating_needs_a_database_that_is_named():
    assert manage("migrate").code == 2
