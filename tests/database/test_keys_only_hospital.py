"""`rehearse --keys-only`: ids of every class stay of that class, with as many orphans and spellings, and none stays."""

import re

import pytest

from migrations_safety.precheck import precheck
from tests.support.factories import REFERENCING, PatientFactory, UserFactory, refer
from tests.support.identifiers import CANONICAL, OF_UUID_COLUMNS, SAMPLES
from tests.support.keys_only import reduced

STANDS_FOR_NOBODY = {"blank", "sentinel_word", "uuid_nil", "uuid_max"}
SAME_DIGIT = {"11111111-1111-1111-1111-111111111111", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"}
FEW = re.compile(r"\D*0*\d{1,4}|MR/2024/0012|UHID: 99|\d{4}-\d\d-\d\d")
"""Numbers and days of which there are so few that another row may get them."""
OF_DEFINITIONS = {"ACTIVE", "DRAFT", "SCHEDULED", "PLACEHOLDER", "UNKNOWN", "IDENTIFIED"}
SPELLED = (CANONICAL.upper(), f" {CANONICAL}", f"{{{CANONICAL}}}", CANONICAL.title())


def told_of(database, in_process):
    in_process(database)
    return precheck.run(using="default").data.censuses


def values_of(database):
    """Each value of each column of the hospital's rows, as text."""
    found = set()
    for table in (*REFERENCING, "users", "patients"):
        for (row,) in database.rows(f'SELECT to_jsonb(t) FROM "{table}" AS t'):
            found |= {str(one) for one in row.values() if isinstance(one, str) and len(one) > 4}
    return found


@pytest.mark.parametrize(("id_type", "samples"), [("text", SAMPLES), ("uuid", OF_UUID_COLUMNS)])
def test_every_class_stays_what_it_is_and_no_id_or_name_is_in_the_copy(make, in_process, id_type, samples):
    original = make("with_patients", id_type)
    parents = [CANONICAL.replace("11", f"{number:02}") for number in range(20, 40)]
    for parent in parents:
        PatientFactory.create(on=original, id=parent)
    tables = list(REFERENCING)
    for place, value in enumerate(value for values in samples.values() for value in values):
        refer(original, tables[place % len(tables)], value, value)
    refer(original, "bills", *parents[:9], None, None)
    if id_type == "text":
        PatientFactory.create(on=original, id="A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A77")
        refer(original, "bills", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a77", *SPELLED)
    for _ in range(5):
        UserFactory.create(on=original)
    original.execute("UPDATE surgical_cases SET notes = 'saw ' || \"patientId\"")
    kept = {one for name in STANDS_FOR_NOBODY for one in samples.get(name, ())} | SAME_DIGIT
    secrets = {one for one in values_of(original) - kept - OF_DEFINITIONS if not FEW.fullmatch(one)}

    with reduced(in_process(original), original) as copy:
        dump = copy.dump
        before, after = told_of(original, in_process), told_of(copy.database, in_process)

        assert [one for one in secrets if one in dump] == []
        assert after == before
        assert (copy.told.lost, copy.told.left_out, copy.told.empty, copy.filled.not_restored) == ((), (), (), ())
