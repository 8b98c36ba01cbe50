"""Of several spellings of one person the parent's own is the one to keep, and the hint says which that is."""

import pytest

from tests.support.factories import PatientFactory, refer
from tests.support.identifiers import CANONICAL
from tests.support.precheck_findings import look, told

SPELLINGS = {
    "capitals": CANONICAL.upper(),
    "braces": "{" + CANONICAL + "}",
    "no hyphens": CANONICAL.replace("-", ""),
    "blanks": f" {CANONICAL}",
    "canonical": CANONICAL,
}
TO_CANONICAL = "Rewrite the other spellings in the referencing tables to the canonical one (lower case, hyphens)."
TO_THE_PARENTS = "Rewrite the other spellings in the referencing tables to the one that the id has in patients."


@pytest.fixture
def patients(make, in_process):
    database = make("with_patients", "text")
    in_process(database)
    return database


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_parents_spelling_is_kept_and_following_the_hint_leaves_no_orphan(patients, spelling):
    PatientFactory.create(on=patients, id=SPELLINGS[spelling])
    refer(patients, "bills", *SPELLINGS.values())

    before = look()["references.E003"]
    patients.execute('UPDATE bills SET "patientId" = (SELECT id FROM patients)')

    assert [one.hint for one in before] == [TO_CANONICAL if spelling == "canonical" else TO_THE_PARENTS]
    assert look() == {}


def test_where_no_parent_is_there_it_is_the_canonical_one(patients):
    refer(patients, "bills", *SPELLINGS.values())

    before = look()["references.E003"]
    patients.execute('UPDATE bills SET "patientId" = %s', CANONICAL)

    assert [one.hint for one in before] == [TO_CANONICAL]
    assert set(look()) == {"references.E001"}


def test_both_are_told_where_both_are_there(patients):
    other = CANONICAL.replace("7a", "8b")
    PatientFactory.create(on=patients, id=CANONICAL.upper())
    refer(patients, "bills", CANONICAL, other, other.upper())

    (finding,) = look()["references.E003"]

    assert told({"": [finding]}, "") == ["patients is referenced by the ids of 2 people in more than one spelling."]
    assert finding.hint == TO_THE_PARENTS + " If it has no row there, use the canonical one (lower case, hyphens)."


def test_two_spellings_of_which_neither_is_the_parents_are_rewritten_to_the_parents(patients):
    PatientFactory.create(on=patients, id=CANONICAL.upper())
    refer(patients, "bills", SPELLINGS["braces"], SPELLINGS["no hyphens"])

    assert [one.hint for one in look()["references.E003"]] == [TO_THE_PARENTS]
