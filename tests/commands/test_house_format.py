"""A hospital whose ids have a format of its own finds a way to placeholders; its references are not to be let go."""

import pytest

from tests.support.factories import PatientFactory, refer
from tests.support.in_process import fill
from tests.support.precheck_findings import look, told

CODES = [f"UTJ5M{number}-RQXC2F-7OZKDD-LNYVSGWE" for number in range(3)]
OWN = [f"ABC-00000{number}" for number in range(3)]
NULLIFY = "--nullify bills"


def test_codes_that_only_a_generator_writes_become_placeholders_with_a_warning(hospital_text, in_process):
    refer(hospital_text, "medical_records", *CODES)
    refer(hospital_text, "bills", *CODES)
    in_process(hospital_text)

    found = look()
    report = fill()

    assert set(found) == {"references.E001", "references.W001"}
    assert told(found, "references.W001")[0] == (
        'bills."patientId" holds 3 values (class house_format) with no parent. '
        "Each is an id in a format of the house's own and is kept exactly as it is."
    )
    assert (report.verdict, report.created) == ("covered", 3)
    assert hospital_text.rows("SELECT id FROM patients ORDER BY id") == [(one,) for one in CODES]


def test_ids_that_nothing_knows_are_refused_with_the_setting_that_registers_them(hospital_text, in_process, settings):
    refer(hospital_text, "medical_records", *OWN)
    refer(hospital_text, "bills", *OWN)
    in_process(hospital_text)

    hints = {one.hint for one in look()["references.E002"]}
    settings.MIGRATIONS_SAFETY_ID_PATTERN = "[A-Z]{3}-[0-9]{6}"
    registered, report = look(), fill()

    (hint,) = hints
    assert "If they are ids of a format of your own: set EHR_ID_PATTERN to it, then run precheck again." in hint
    assert NULLIFY not in hint
    assert set(registered) == {"references.E001", "references.W001"}
    assert (report.verdict, report.created) == ("covered", 3)


def test_the_pattern_is_read_from_the_environment_and_one_that_is_none_is_told(hospital_text):
    refer(hospital_text, "bills", *OWN)

    filled = hospital_text.run("backfill_placeholders", EHR_ID_PATTERN="[A-Z]{3}-[0-9]{6}")
    broken = hospital_text.run("precheck", EHR_ID_PATTERN="[A-Z")

    assert filled.code == 0, filled.said
    assert (broken.code, broken.out) == (2, "")
    assert "EHR_ID_PATTERN cannot be used: PostgreSQL cannot read it as a regular expression" in broken.err


@pytest.mark.parametrize("value", ["0712 345 678", "12345", "PAT-0001"])
def test_what_may_be_ids_is_offered_for_nullify_only_where_it_is_the_smaller_part(make, in_process, value):
    database = make("with_patients", "text")
    PatientFactory.create(on=database, id="7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11")
    refer(database, "bills", value)
    in_process(database)

    alone = look()["references.E002"][0].hint
    refer(database, "bills", *["7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11"] * 2)
    among_others = look()["references.E002"][0].hint

    assert (NULLIFY in alone, NULLIFY in among_others) == (False, True)


def test_case_variants_of_such_ids_are_pointed_out(hospital_text, in_process):
    refer(hospital_text, "bills", CODES[0], CODES[0].lower())
    in_process(hospital_text)

    assert "references.W002" in look()
