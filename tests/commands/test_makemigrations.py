"""`makemigrations` with a key declared anew: NOT VALID first, then the proof, in migrations that apply as they are."""

import pytest

from tests.support.factories import PatientFactory, new_id
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql

STAY = """
    class Stay(models.Model):
        id = models.BigAutoField(primary_key=True)
        patient = models.ForeignKey(
            "patients.Patient", models.DO_NOTHING, null=True, db_column="patientId",
            db_constraint=False, db_index=False,
        )
        {more}
        class Meta:
            constraints = [{keys}]
"""
KEY = 'ForeignKeyConstraint(field="patient", name="ward_stay_patientId_fkey", on_delete="RESTRICT")'
STATE = "SELECT convalidated FROM pg_constraint WHERE conname = 'ward_stay_patientId_fkey'"


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


def declare(ward, *keys, more=""):
    ward.models(STAY.format(keys=", ".join(keys), more=more))


@pytest.fixture
def with_key(hospital, ward):
    """The table exists and is migrated; then the key is declared."""
    declare(ward)
    assert hospital.run("makemigrations", "ward", **ward.variables).code == 0
    assert hospital.run("migrate", **ward.variables).code == 0
    declare(ward, KEY)
    return hospital


def test_a_key_on_an_existing_table_is_two_migrations(with_key, ward):
    result = with_key.run("makemigrations", "ward", **ward.variables)

    assert result.code == 0, result.said
    first, added, proved = ward.migrations.values()
    assert "AddForeignKeyNotValid(" in added
    assert "ValidateForeignKey(" not in added
    assert "ValidateForeignKey(" in proved
    assert "AddForeignKeyNotValid(" not in proved
    assert "migrations.AddConstraint(" not in first + added + proved


def test_the_two_apply_and_end_in_a_valid_key(with_key, ward):
    with_key.run("makemigrations", "ward", **ward.variables)
    PatientFactory.create(on=with_key, id=(patient := new_id()))
    with_key.execute('INSERT INTO ward_stay ("patientId") VALUES (%s), (NULL)', patient)

    done = with_key.run("migrate", **ward.variables)

    assert done.code == 0, done.said
    assert with_key.rows(STATE) == [(True,)]
    assert with_key.run("makemigrations", "--check", **ward.variables).code == 0
    assert with_key.run("migrate", "ward", "zero", **ward.variables).code == 0


def test_the_first_alone_holds_for_new_rows(with_key, ward):
    with_key.run("makemigrations", "ward", **ward.variables)
    names = list(ward.migrations)

    with_key.run("migrate", "ward", names[1], **ward.variables)

    assert with_key.rows(STATE) == [(False,)]


def test_orphans_of_the_new_key_are_found_by_the_gate(with_key, ward):
    with_key.run("makemigrations", "ward", **ward.variables)
    with_key.execute('INSERT INTO ward_stay ("patientId") VALUES (%s)', new_id())

    done = with_key.run("migrate", **ward.variables)

    assert done.code == 1
    assert 'ward_stay."patientId" holds 1 value in 1 row with no row in patients.' in " ".join(done.out.split())
    assert with_key.rows(STATE) == []


def test_other_changes_come_before_the_key_in_a_migration_of_their_own(with_key, ward):
    declare(ward, KEY, more="bed = models.TextField(null=True)")

    with_key.run("makemigrations", "ward", **ward.variables)

    _, changed, added, proved = ward.migrations.values()
    assert "AddField" in changed
    assert "AddForeignKeyNotValid(" in added
    assert "ValidateForeignKey(" in proved
    assert with_key.run("migrate", **ward.variables).code == 0
    assert with_key.rows(STATE) == [(True,)]


def test_a_new_table_gets_its_key_at_once(hospital, ward):
    declare(ward, KEY)

    made = hospital.run("makemigrations", "ward", **ward.variables)
    done = hospital.run("migrate", **ward.variables)

    assert (made.code, done.code) == (0, 0), made.said + done.said
    assert len(ward.migrations) == 1
    assert "NotValid" not in ward.migrations["0001_initial"]
    assert hospital.rows(STATE) == [(True,)]


def test_another_rule_for_an_existing_key_is_the_key_taken_away_and_added_anew(with_key, ward):
    with_key.run("makemigrations", "ward", **ward.variables)
    with_key.run("migrate", **ward.variables)
    declare(ward, KEY.replace("RESTRICT", "CASCADE"))

    made = with_key.run("makemigrations", "ward", **ward.variables)
    done = with_key.run("migrate", **ward.variables)

    assert (made.code, done.code) == (0, 0), made.said + done.said
    assert (
        with_key.value("SELECT confdeltype::text FROM pg_constraint WHERE conname = 'ward_stay_patientId_fkey'") == "c"
    )
    assert with_key.rows(STATE) == [(True,)]


@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_the_projects_own_migrations_are_complete(hospital, id_type):
    hospital.id_type = id_type

    result = hospital.run("makemigrations", "--check", "--dry-run")

    assert result.code == 0, result.said
    assert "No changes detected" in result.out


@pytest.mark.parametrize(
    ("keys", "more", "problem"),
    [
        (KEY.replace('"patient"', '"bed"'), "bed = models.TextField()", "migrations_safety.E001"),
        (KEY.replace('"patient"', '"nobody"'), "", "migrations_safety.E001"),
        (
            KEY.replace('"patient"', '"other"'),
            'other = models.ForeignKey("patients.Patient", models.DO_NOTHING, related_name="+")',
            "migrations_safety.E002",
        ),
    ],
)
def test_a_key_that_is_declared_wrongly_is_a_system_check_error(hospital, ward, keys, more, problem):
    declare(ward, keys, more=more)

    result = hospital.run("check", "--database", "default", **ward.variables)

    assert result.code != 0
    assert problem in result.err
