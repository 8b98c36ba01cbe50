"""A placeholder is nobody: searches leave it out, and its date of birth gives no age."""

import datetime

import pytest

from patients.models import Patient
from tests.support.factories import PatientFactory, new_id, refer

DAY = datetime.date(2026, 2, 28)


@pytest.fixture
def both(make, in_process):
    """One person, and one placeholder that a reference asked for."""
    database = make("with_patients")
    PatientFactory.create(on=database, id=new_id(), date_of_birth=datetime.date(2000, 2, 29))
    refer(database, "bills", new_id())
    assert database.run("backfill_placeholders").code == 0
    in_process(database)


def test_searches_leave_placeholders_out_unless_they_are_asked_for(both):
    assert [one.is_placeholder for one in Patient.objects.all()] == [False]
    assert sorted(one.is_placeholder for one in Patient.with_placeholders.all()) == [False, True]


def test_a_placeholder_has_no_age_to_dose_by(both):
    person, placeholder = sorted(Patient.with_placeholders.all(), key=lambda one: one.is_placeholder)

    assert person.age_on(DAY) == 25
    assert person.age_on(DAY + datetime.timedelta(days=1)) == 26
    assert placeholder.age_on(DAY) is None
