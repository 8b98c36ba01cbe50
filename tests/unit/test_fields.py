import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db.migrations.writer import MigrationWriter
from django.test import override_settings
from hypothesis import assume, given
from hypothesis import strategies as st

from migrations_safety.fields import CANONICAL_UUID, CurrentTimestamp, EnumField, IdField, TimestampField, new_id
from patients.models import Patient

AS_TEXT = override_settings(MIGRATIONS_SAFETY_ID_TYPE="text")
CANONICAL = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"


def test_an_id_is_uuid_unless_the_setting_says_text():
    field = IdField()

    assert (field.db_type(None), field.rel_db_type(None), type(new_id())) == ("UUID", "UUID", uuid.UUID)
    with AS_TEXT:
        assert (field.db_type(None), field.rel_db_type(None), type(new_id())) == ("TEXT", "TEXT", str)


def test_the_setting_is_no_part_of_a_migration():
    with AS_TEXT:
        as_text = MigrationWriter.serialize(IdField(primary_key=True))

    assert as_text == MigrationWriter.serialize(IdField(primary_key=True))


def test_a_uuid_is_taken_from_its_canonical_spelling():
    assert IdField().to_python(CANONICAL) == uuid.UUID(CANONICAL)
    assert IdField().to_python(uuid.UUID(CANONICAL)) == uuid.UUID(CANONICAL)
    assert IdField().to_python(None) is None


@given(st.one_of(st.text(), st.uuids().map(lambda one: one.hex), st.uuids().map(lambda one: f" {one}")))
def test_any_other_spelling_is_refused_as_a_uuid(text):
    assume(not CANONICAL_UUID.fullmatch(text))

    with pytest.raises(ValidationError, match="lower case with hyphens"):
        IdField().to_python(text)


def test_a_spelling_that_python_reads_as_another_patient_is_refused():
    shifted = " a0eebc999c0b4ef8bb6d6bb9bd380a1"

    with pytest.raises(ValidationError) as refusal:
        IdField().to_python(shifted)

    assert "a0eebc" not in str(refusal.value)


@given(st.text())
def test_a_text_id_is_kept_character_by_character(text):
    with AS_TEXT:
        assert IdField().get_prep_value(text) == text


def test_a_text_id_is_made_of_a_uuid_object_in_its_canonical_spelling():
    with AS_TEXT:
        assert IdField().to_python(uuid.UUID(CANONICAL)) == CANONICAL


def test_an_enum_field_is_rebuilt_with_the_name_of_its_type():
    field = EnumField(enum_name="PatientStatus", choices=[("ACTIVE", "Active")])
    field.set_attributes_from_name("status")
    _, path, args, kwargs = field.deconstruct()

    assert path == "migrations_safety.fields.EnumField"
    assert kwargs == {"enum_name": "PatientStatus", "choices": [("ACTIVE", "Active")]}
    assert EnumField(*args, **kwargs).enum_name == "PatientStatus"


def test_an_enum_field_needs_no_max_length():
    assert Patient._meta.get_field("status").check(databases=()) == []


def test_timestamps_have_the_precision_and_the_default_of_the_hospital():
    assert TimestampField().db_type(None) == "timestamptz(6)"
    assert CurrentTimestamp.template == "CURRENT_TIMESTAMP"
