import pytest
from django.apps import apps
from django.db import models

from ehr.models import Bill, InsurancePolicy
from migrations_safety.constraints import RULES, ForeignKeyConstraint, NamedIndex, UniqueIndex
from patients.models import Patient


def key(**changes):
    return ForeignKeyConstraint(**({"field": "patient", "name": "bills_key", "on_delete": "RESTRICT"} | changes))


def test_a_key_is_rebuilt_from_what_a_migration_stores():
    for original in (key(), key(on_update="NO ACTION"), key(on_delete="SET NULL")):
        path, args, kwargs = original.deconstruct()

        assert path == "migrations_safety.constraints.ForeignKeyConstraint"
        assert ForeignKeyConstraint(*args, **kwargs) == original


def test_the_usual_rule_on_update_is_not_stored():
    assert key().deconstruct()[2] == {"name": "bills_key", "field": "patient", "on_delete": "RESTRICT"}


@pytest.mark.parametrize(
    "changes", [{"name": "other"}, {"field": "other"}, {"on_delete": "CASCADE"}, {"on_update": "RESTRICT"}]
)
def test_keys_that_differ_in_anything_are_not_equal(changes):
    assert key(**changes) != key()
    assert hash(key()) == hash(key())
    assert len({key(), key(), key(**changes)}) == 2


def test_a_key_equals_no_other_kind_of_constraint():
    assert key() != models.UniqueConstraint(fields=["patient"], name="bills_key")


@pytest.mark.parametrize("argument", ["on_delete", "on_update"])
def test_a_rule_that_postgresql_does_not_have_is_refused(argument):
    with pytest.raises(ValueError, match="'DROP' is no rule"):
        key(**{argument: "DROP"})


def test_every_rule_of_postgresql_is_accepted():
    assert {key(on_delete=rule).on_delete for rule in RULES} == set(RULES)


def test_a_key_beside_a_plain_foreign_key_field_passes_the_system_check():
    assert key().check(Bill, None) == []


def test_a_key_on_what_is_no_foreign_key_is_reported():
    for field in ("status", "nothing"):
        (message,) = key(field=field).check(Bill, None)

        assert message.id == "migrations_safety.E001"
        assert message.msg == f"bills_key: '{field}' is not a ForeignKey of ehr.Bill."


def test_a_key_on_a_field_that_makes_its_own_key_is_reported():
    field = Bill._meta.get_field("patient")
    vars(field)["db_constraint"] = True
    try:
        (message,) = key().check(Bill, None)
    finally:
        vars(field)["db_constraint"] = False

    assert message.id == "migrations_safety.E002"
    assert "db_constraint=False" in message.hint


def test_index_names_may_be_as_long_as_postgresql_allows():
    longest = max(len(index.name) for model in (Patient, Bill) for index in model._meta.indexes)

    assert NamedIndex.max_name_length == 63
    assert 30 < longest <= 63


def test_the_models_pass_the_system_checks():
    assert [message for model in apps.get_models() for message in model.check()] == []


def test_a_unique_index_is_rebuilt_as_one():
    original = UniqueIndex(fields=["policy_number"], name="policies_key")
    path, args, kwargs = original.deconstruct()

    assert path == "migrations_safety.constraints.UniqueIndex"
    assert UniqueIndex(*args, **kwargs) == original
    assert original not in InsurancePolicy._meta.indexes
