"""The operations on a real server: what they add, what they refuse, and that a killed migration is run again."""

import pytest
from django.db import connection
from django.db.migrations.state import ProjectState

from ehr.models import Bill
from migrations_safety.messages.refusals.tables import DefinitionDiffers, KeyMissing, OrphansLeft
from migrations_safety.operations import AddForeignKeyNotValid, CreateEnum, ValidateForeignKey
from tests.support.factories import PatientFactory, refer

ONE, TWO = (f"7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000{digit}" for digit in (1, 2))
KEY = "SELECT convalidated FROM pg_constraint WHERE conname = 'bills_patientId_fkey' AND conrelid = 'bills'::regclass"
ADD = AddForeignKeyNotValid("bill", Bill._meta.constraints[0])
VALIDATE = ValidateForeignKey("bill", "bills_patientId_fkey")
COLOURS = "SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = to_regtype('colour')"


@pytest.fixture
def database(make, in_process):
    made = make("with_patients")
    in_process(made)
    return made


def forwards(operation, direction="database_forwards"):
    """Run one operation in a transaction of its own, with the state of the models as they are."""
    from django.apps import apps

    state = ProjectState.from_apps(apps)
    with connection.schema_editor(atomic=True) as editor:
        getattr(operation, direction)("ehr", editor, state, state)


def backwards(operation):
    forwards(operation, "database_backwards")


def test_a_key_is_added_for_new_rows_and_old_rows_stay(database):
    refer(database, "bills", ONE)

    forwards(ADD)

    assert database.rows(KEY) == [(False,)]
    assert database.value("SELECT count(*) FROM bills") == 1


def test_a_key_that_is_there_as_declared_is_left_as_it_is(database):
    forwards(ADD)
    oid = database.value("SELECT oid FROM pg_constraint WHERE conname = 'bills_patientId_fkey'")

    forwards(ADD)

    assert database.value("SELECT oid FROM pg_constraint WHERE conname = 'bills_patientId_fkey'") == oid


@pytest.mark.parametrize("operation", [ADD, VALIDATE])
def test_a_key_of_the_same_name_and_another_definition_is_refused_and_left(database, operation):
    database.execute(
        'ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" FOREIGN KEY ("patientId") REFERENCES users'
    )

    with pytest.raises(DefinitionDiffers) as refusal:
        forwards(operation)

    assert str(refusal.value) == (
        'tables.E003: The foreign key "bills_patientId_fkey" exists with another definition: declared '
        "FOREIGN KEY (patientId) REFERENCES patients (id) ON DELETE RESTRICT ON UPDATE CASCADE, found "
        "FOREIGN KEY (patientId) REFERENCES users (id) ON DELETE NO ACTION ON UPDATE NO ACTION."
    )
    assert database.rows(KEY) == [(True,)]


def test_the_way_back_drops_the_key_and_may_be_gone_twice(database):
    forwards(ADD)
    backwards(VALIDATE)
    assert database.rows(KEY) == [(False,)]

    backwards(ADD)
    backwards(ADD)

    assert database.rows(KEY) == []


def test_a_key_without_orphans_is_validated_and_validating_twice_is_nothing(database):
    PatientFactory.create(on=database, id=ONE)
    refer(database, "bills", ONE, None)
    forwards(ADD)

    forwards(VALIDATE)
    forwards(VALIDATE)

    assert database.rows(KEY) == [(True,)]


def test_orphans_stop_the_validation_before_the_server_can_print_one(database):
    refer(database, "bills", ONE, ONE, TWO)
    forwards(ADD)
    logged = database.server.log.stat().st_size

    with pytest.raises(OrphansLeft) as refusal:
        forwards(VALIDATE)

    assert str(refusal.value) == (
        'bills."patientId" holds 2 values in 3 rows with no row in patients. The key stays NOT VALID.'
    )
    assert database.rows(KEY) == [(False,)]
    assert ONE not in database.server.log.read_bytes()[logged:].decode()


def test_a_key_that_is_not_there_cannot_be_validated(database):
    with pytest.raises(KeyMissing, match=r"The foreign key bills_patientId_fkey does not exist on bills"):
        forwards(VALIDATE)


def test_an_enum_is_made_once_with_its_labels_in_their_order(database):
    operation = CreateEnum("colour", ["RED", "Green", "it's"])

    forwards(operation)
    forwards(operation)

    assert database.value(COLOURS) == ["RED", "Green", "it's"]
    backwards(operation)
    assert database.value(COLOURS) is None


def test_an_enum_with_other_labels_or_another_order_is_refused(database):
    database.execute("CREATE TYPE colour AS ENUM ('RED', 'GREEN')")

    for labels in (["RED"], ["GREEN", "RED"], ["RED", "GREEN", "BLUE"]):
        with pytest.raises(DefinitionDiffers, match='The enum "colour" exists with another definition'):
            forwards(CreateEnum("colour", labels))

    assert database.value(COLOURS) == ["RED", "GREEN"]


def test_operations_say_what_they_do():
    assert [one.describe() for one in (ADD, VALIDATE, CreateEnum("colour", []))] == [
        "Add foreign key bills_patientId_fkey on bill, not valid yet",
        "Validate foreign key bills_patientId_fkey on bill",
        "Create enum colour",
    ]
