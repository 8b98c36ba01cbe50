"""`check --database default` compares the declared foreign keys with those that are there."""

import pytest


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
    assert "ON DELETE RESTRICT ON UPDATE CASCADE, it is" in result.err


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
