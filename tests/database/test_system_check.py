"""`check --database default` compares the declared foreign keys with those that are there."""

from io import StringIO

import pytest
from django.core.management import call_command
from psycopg import sql

from migrations_safety.schema.system_checks import check_declared_keys
from tests.support.commands import ROOT
from tests.support.sample_app import SampleApp

OWN_KEYS = """
    migrations.CreateModel('Floor', [('id', models.BigAutoField(primary_key=True)),
                                     ('code', models.CharField(max_length=9, unique=True))]),
    migrations.CreateModel('Nurse', [('id', models.BigAutoField(primary_key=True))]),
    migrations.CreateModel('Bed', [
        ('id', models.BigAutoField(primary_key=True)),
        ('floor', models.ForeignKey('ward.Floor', models.CASCADE)),
        ('zone', models.ForeignKey('ward.Floor', models.CASCADE, to_field='code', related_name='+', db_column='Zone')),
        ('nurses', models.ManyToManyField('ward.Nurse')),
        ('twin', models.OneToOneField('self', models.CASCADE, null=True)),
        ('loose', models.ForeignKey('ward.Floor', models.CASCADE, db_constraint=False, related_name='+')),
    ])"""


def check(database):
    return database.run("check", "--database", "default", "--fail-level", "WARNING")


@pytest.mark.parametrize("state", ["empty", "hospital", "with_patients", "with_keys", "migrated", "by_hand"])
def test_where_nothing_is_missing_nothing_is_said(make, state):
    result = check(make(state))

    assert result.code == 0, result.said
    assert "no issues" in result.said


@pytest.mark.parametrize("table", ["bills", "patient_allergies"])
def test_a_dropped_key_is_seen(migrated, table):
    migrated.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{table}_patientId_fkey"')

    result = check(migrated)

    assert result.code == 1
    problem = f"The foreign key {table}_patientId_fkey of {table} is declared, but is not in the database."
    assert result.err.count("migrations_safety.W") == 1
    assert problem in result.err


def test_a_key_with_another_rule_is_seen(migrated):
    migrated.execute('ALTER TABLE bills DROP CONSTRAINT "bills_patientId_fkey"')
    migrated.execute(
        'ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" FOREIGN KEY ("patientId") REFERENCES patients'
    )

    result = check(migrated)

    assert result.code == 1
    assert "migrations_safety.W002" in result.err
    assert "ON DELETE RESTRICT ON UPDATE CASCADE, but is" in result.err


def test_a_key_of_the_same_name_on_another_table_does_not_stand_in(migrated):
    migrated.execute('ALTER TABLE bills DROP CONSTRAINT "bills_patientId_fkey"')
    migrated.execute('CREATE TABLE ward ("patientId" uuid CONSTRAINT "bills_patientId_fkey" REFERENCES patients)')

    assert "migrations_safety.W001" in check(migrated).err


def test_keys_that_django_drops_with_a_change_of_the_parents_key_are_seen(migrated):
    migrated.execute("ALTER TABLE patients DROP CONSTRAINT patients_pkey CASCADE")

    assert check(migrated).err.count("migrations_safety.W001") == 9


def test_without_a_database_the_models_alone_are_checked(migrated):
    migrated.execute('ALTER TABLE bills DROP CONSTRAINT "bills_patientId_fkey"')

    assert migrated.run("check").code == 0


@pytest.fixture
def ward(empty, in_process, tmp_path):
    """The app `ward` with keys that Django makes, applied; `ward.check()` gives ids and messages."""
    in_process(empty)
    ward = SampleApp(tmp_path)
    ward.migration("0001_initial", OWN_KEYS)

    def check():
        with ward.at_hand():
            return check_declared_keys(databases=["default"])

    with ward.at_hand():
        call_command("migrate", "ward", verbosity=0, stderr=StringIO())
    vars(ward)["check"] = check
    return ward


def keys(database, *, column=None):
    """Table and name of each foreign key."""
    return database.rows(
        """SELECT conrelid::regclass::text, conname FROM pg_constraint JOIN pg_attribute a
           ON a.attrelid = conrelid AND a.attnum = conkey[1]
           WHERE contype = 'f' AND (%s::text IS NULL OR attname = %s) ORDER BY conname""", column, column
    )  # fmt: skip


def drop(database, table, name):
    statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
    database.execute(statement.format(sql.Identifier(table), sql.Identifier(name)))


def follow(database, messages):
    for message in messages:
        for statement in message.hint.partition(" -- ")[0].split("; "):
            database.execute(statement)


def test_of_keys_that_django_made_none_is_missed_where_all_are_there(ward, empty):
    assert len(keys(empty)) == 5
    assert ward.check() == []


def test_each_key_of_djangos_own_is_missed_by_its_column_and_the_hint_makes_it(ward, empty):
    before = keys(empty)
    for table, name in before:
        drop(empty, table, name)

    messages = ward.check()
    follow(empty, messages)

    assert {one.id for one in messages} == {"migrations_safety.W001"}
    assert sorted(one.msg for one in messages) == sorted(
        f"The foreign key of {column} to {target} is declared, but is not in the database."
        for column, target in (
            ('ward_bed."Zone"', "ward_floor"), ('ward_bed."floor_id"', "ward_floor"),
            ('ward_bed."twin_id"', "ward_bed"),
            ('ward_bed_nurses."bed_id"', "ward_bed"), ('ward_bed_nurses."nurse_id"', "ward_nurse"),
        )
    )  # fmt: skip
    assert ward.check() == []
    assert keys(empty) == before


@pytest.mark.parametrize(
    "other",
    [
        "REFERENCES ward_nurse DEFERRABLE INITIALLY DEFERRED",
        "REFERENCES ward_floor",
        "REFERENCES ward_floor ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
    ],
)
def test_a_key_of_another_definition_is_seen_and_the_hint_puts_it_right(ward, empty, other):
    drop(empty, *keys(empty, column="floor_id")[0])
    empty.execute(f"ALTER TABLE ward_bed ADD FOREIGN KEY (floor_id) {other}")

    messages = ward.check()
    follow(empty, messages)

    assert [one.id for one in messages] == ["migrations_safety.W002"]
    assert messages[0].msg.startswith('The foreign key of ward_bed."floor_id" to ward_floor is declared as FOREIGN KEY')
    assert ward.check() == []


def test_a_second_key_of_the_column_does_not_hide_the_right_one(ward, empty):
    empty.execute("ALTER TABLE ward_bed ADD CONSTRAINT a FOREIGN KEY (floor_id) REFERENCES ward_nurse")

    assert ward.check() == []


def test_tables_and_columns_have_the_names_of_what_is_applied(ward, empty):
    ward.migration(
        "0002_names",
        "migrations.RenameField('Bed', 'floor', 'storey'), migrations.AlterModelTable('Floor', 'ward_storey')",
        after=("ward", "0001_initial"),
    )

    assert ward.check() == []


def test_keys_of_applied_apps_of_djangos_own_are_there(empty, tmp_path):
    apps = "['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.admin', 'django.contrib.messages']"
    settings = f"from ehr.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, *{apps}]\nSILENCED_SYSTEM_CHECKS = "
    (tmp_path / "with_admin.py").write_text(settings + "['admin.E403', 'admin.E408', 'admin.E409', 'admin.E410']\n")
    variables = {"DJANGO_SETTINGS_MODULE": "with_admin", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = empty.run("migrate", **variables)

    result = empty.run("check", "--database", "default", "--fail-level", "WARNING", **variables)

    assert done.code == 0, done.said
    assert result.code == 0, result.said


def could_not_look(messages, *words):
    assert [one.id for one in messages] == ["migrations_safety.W003"]
    assert [one for one in ('The foreign keys of the database "default" were not compared: ', *words)
            if one not in messages[0].msg] == []  # fmt: skip


def test_a_history_that_is_inconsistent_is_not_compared_and_said(ward, empty):
    empty.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ward', '0002_more', now())")
    empty.execute("DELETE FROM django_migrations WHERE name = '0001_initial'")
    ward.migration("0002_more", "", after=("ward", "0001_initial"))

    could_not_look(ward.check(), "Migration ward.0002_more is applied before its dependency ward.0001_initial")


def test_a_history_of_models_that_do_not_fit_together_is_not_compared_and_said(ward, empty):
    ward.migration("0002_lost", "migrations.DeleteModel('Floor')", after=("ward", "0001_initial"))
    empty.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ward', '0002_lost', now())")

    could_not_look(ward.check(), "lazy reference to 'ward.floor'")


def test_a_migration_that_cannot_be_loaded_is_said(ward):
    ward.migration("0002_more", "", after=("ward", "0009_nowhere"))

    could_not_look(ward.check(), "ward.0002_more", "0009_nowhere")


def test_a_history_that_the_role_may_not_read_is_said_with_what_helps(ward, empty, in_process, new_role):
    role = new_role()
    in_process(empty, url=empty.server.url(empty.name, user=role))

    messages = ward.check()

    could_not_look(messages, f'privilege.E001: The role "{role}" may not read django_migrations')
    assert messages[0].hint.startswith("As the tables' owner: GRANT SELECT ON django_migrations")


def test_a_database_that_does_not_answer_ends_no_check(ward, empty, in_process):
    in_process(empty, url="postgresql://nobody@127.0.0.1:1/nothing")

    could_not_look(ward.check(), "Could not connect: ")


def test_inside_a_transaction_a_check_that_failed_leaves_it_as_it_was(ward, empty):
    from django.db import connection, transaction

    ward.migration("0002_more", "", after=("ward", "0009_nowhere"))

    with transaction.atomic(), connection.cursor() as cursor:
        could_not_look(ward.check())
        cursor.execute("SELECT 1")


def test_the_history_of_another_schema_is_not_compared_with_ours(two_clinics, in_process):
    in_process(two_clinics, url=two_clinics.along("clinic_c,public"))

    (warning,) = check_declared_keys(databases=["default"])

    assert warning.id == "migrations_safety.W003"
    assert 'Django\'s record of migrations is in the schema "public"' in warning.msg


def test_a_key_is_missed_in_the_own_schema_alone_and_the_hint_names_it(two_clinics, in_process):
    two_clinics.execute("""
        CREATE TABLE clinic_c.django_migrations (LIKE public.django_migrations INCLUDING ALL);
        DELETE FROM clinic_c.bills""")
    in_process(two_clinics, url=two_clinics.along("clinic_c,public"))
    call_command("migrate", verbosity=0)
    before = check_declared_keys(databases=["default"])
    two_clinics.execute('ALTER TABLE public.bills DROP CONSTRAINT "bills_patientId_fkey"')
    of_public_gone = check_declared_keys(databases=["default"])
    two_clinics.execute('ALTER TABLE clinic_c.bills DROP CONSTRAINT "bills_patientId_fkey"')

    (warning,) = check_declared_keys(databases=["default"])

    assert (before, of_public_gone) == ([], [])
    assert 'ALTER TABLE clinic_c.bills ADD CONSTRAINT "bills_patientId_fkey"' in str(warning.hint)
    assert 'REFERENCES clinic_c.patients ("id")' in str(warning.hint)
