"""Every value gets exactly one class, the one of docs/reference.md; the regular expressions are the server's own."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ehr.models import Bill
from migrations_safety.census import counts, identifiers
from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES
from migrations_safety.census.question import Question
from migrations_safety.census.report import OrphanCounts
from migrations_safety.messages.refusals.backfill import IdPatternRefused
from migrations_safety.precheck import precheck
from migrations_safety.schema.declared_keys import declared_keys
from tests.support.factories import PatientFactory, refer
from tests.support.identifiers import CANONICAL, OF_UUID_COLUMNS, SAMPLES

ALL = {value: name for name, values in SAMPLES.items() for value in values}
BLANKS = st.text(" \t\n\r\u00a0\u200b\u2003\ufeff", max_size=2)
ON_ONE_DATABASE = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=True,
)


def question(*, type, target_exists=False, **words):
    keys = tuple(declared_keys(Bill))
    return Question(keys=keys, schema="public", target_exists=target_exists, type=type, **words)


def classes_of(text, values, *, type="text", **words):
    """Each value's class, with nothing else in the table."""
    connection, database = text
    database.execute("TRUNCATE bills")
    refer(database, "bills", *values)
    found = identifiers.orphan_values(connection, question(type=type, **words), limit=1000)
    return {orphan.value: orphan.identifier_class for orphan in found}


@pytest.fixture
def text(hospital_text, in_process):
    return in_process(hospital_text), hospital_text


def test_every_sample_of_a_text_column_has_its_class(text):
    assert len(ALL) > 80

    assert classes_of(text, ALL) == ALL


def test_every_sample_of_a_uuid_column_has_its_class(hospital, in_process):
    expected = {value.lower(): name for name, values in OF_UUID_COLUMNS.items() for value in values}

    found = classes_of((in_process(hospital), hospital), expected, type="uuid")

    assert found == expected


def test_counting_gives_the_same_classes_as_looking(text):
    connection, database = text
    refer(database, "bills", *ALL)

    counted = counts.count(connection, question(type="text")).references[0]

    assert counted.classes == {name: len(values) for name, values in SAMPLES.items()}
    assert counted.orphans == {
        name: OrphanCounts(values=len(values), rows=len(values)) for name, values in SAMPLES.items()
    }


def test_the_record_number_of_a_patient_is_no_id_whatever_it_looks_like(make, in_process):
    database = make("with_patients", "text")
    PatientFactory.create(on=database, id="p", mrn="507f1f77bcf86cd799439011")
    values = ["507f1f77bcf86cd799439011", "507f1f77bcf86cd799439012"]

    found = classes_of((in_process(database), database), values, target_exists=True, record_number_column="mrn")

    assert found == {values[0]: "mrn_like", values[1]: "opaque"}


@ON_ONE_DATABASE
@given(
    one=st.uuids(version=4),
    upper=st.booleans(),
    hyphens=st.booleans(),
    braces=st.booleans(),
    urn=st.booleans(),
    before=BLANKS,
    after=BLANKS,
)
def test_any_spelling_of_a_uuid_is_known_as_one_and_only_its_own_is_canonical(
    text, one, upper, hyphens, braces, urn, before, after
):
    spelling = str(one) if hyphens else one.hex
    spelling = f"{{{spelling}}}" if braces else spelling
    spelling = f"urn:uuid:{spelling}" if urn else spelling
    value = before + (spelling.upper() if upper else spelling) + after

    found = classes_of(text, [value])

    assert found == {value: "uuid_canonical" if value == str(one) else "uuid_noncanonical"}


@ON_ONE_DATABASE
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40), unique=True))
def test_arbitrary_text_gets_exactly_one_class(text, values):
    found = classes_of(text, values)

    assert set(found) == set(values)
    assert set(found.values()) <= set(SAMPLES)


@ON_ONE_DATABASE
@given(st.lists(st.uuids(), unique=True, max_size=20))
def test_any_uuid_of_a_uuid_column_gets_a_uuid_class(hospital, in_process, values):
    connection = in_process(hospital)

    found = classes_of((connection, hospital), map(str, values), type="uuid")

    assert set(found) == set(map(str, values))
    assert all(name.startswith("uuid_") and name != "uuid_noncanonical" for name in found.values())


NAMES = [
    "Achieng", "Otieno", "Wanjiku", "Jean-Pierre", "María José", "O'Brien", "Nguyễn", "Müller-Lüdenscheidt", "Zoë",
    "Li", "Mohammed", "Fitzgerald", "Vanderbilt", "Okonkwo", "St", "Van der Berg",
]  # fmt: skip
DIGITS = st.text("0123456789", min_size=2, max_size=12)


@ON_ONE_DATABASE
@given(
    words=st.lists(st.sampled_from(NAMES), min_size=1, max_size=6),
    year=st.sampled_from(["", "80", "1980", "2026-01-02", "19800517"]),
    between=st.sampled_from(["-", "--", " ", ", ", ".", "_", ""]),
    spelled=st.sampled_from([str, str.upper, str.lower]),
    glued=st.booleans(),
)
def test_a_name_is_never_an_id(text, words, year, between, spelled, glued):
    value = spelled(between.join([*words[:-1], words[-1] + year] if glued else [*words, year]))

    assert classes_of(text, [value])[value] not in PLACEHOLDER_CLASSES


@ON_ONE_DATABASE
@given(
    parts=st.lists(DIGITS, min_size=1, max_size=6),
    between=st.sampled_from(["-", " ", ".", "/", ""]),
    before=st.sampled_from(["", "+", "00", "tel:", "tel-"]),
    after=st.sampled_from(["", "x12", " ext. 12", "-ext12"]),
)
@example(parts=["00000000000"], between="-", before="tel-", after="-ext12")
@example(parts=list("000000"), between="-", before="tel-", after="-ext12")
@example(parts=["0000"] * 4 + ["0"], between="-", before="", after="")
@example(parts=["0" * 12, "0" * 12], between="", before="", after="")
def test_a_telephone_number_is_never_an_id(text, parts, between, before, after):
    value = before + between.join(parts) + after

    assert classes_of(text, [value])[value] not in PLACEHOLDER_CLASSES


@ON_ONE_DATABASE
@given(st.lists(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=6), min_size=3, max_size=5))
def test_a_generated_code_of_mixed_groups_is_one_of_the_house(text, groups):
    value = "-".join(f"{group[:4]}7X" for group in groups)

    assert classes_of(text, [value])[value] in ("house_format", "mrn_like")


def test_a_registered_pattern_stands_for_ids_that_nothing_else_knows(text):
    values = ["ABC-0001", "12345678", "0", "null", " ", CANONICAL.upper(), "xABC-0001", "ABC-0001\n", "50%"]

    found = classes_of(text, values, id_pattern="[A-Z]{3}-[0-9]{4}|[0-9]{8}|[0-9]+%|null|0|.*380A11")

    assert found == {
        "ABC-0001": "house_format",
        "12345678": "house_format",
        "50%": "house_format",
        "0": "sentinel_word",
        "null": "sentinel_word",
        " ": "blank",
        CANONICAL.upper(): "uuid_noncanonical",
        "xABC-0001": "other_text",
        "ABC-0001\n": "other_text",
    }


def test_a_record_number_of_the_registered_pattern_is_no_id(make, in_process):
    database = make("with_patients", "text")
    PatientFactory.create(on=database, id="p", mrn="ABC-0001")
    how: dict[str, Any] = {"target_exists": True, "record_number_column": "mrn", "id_pattern": "[A-Z]{3}-[0-9]{4}"}

    found = classes_of((in_process(database), database), ["ABC-0001", "ABC-0002"], **how)

    assert found == {"ABC-0001": "mrn_like", "ABC-0002": "house_format"}


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("[A-Z", "cannot read it"), ("a)|(b", "cannot read it"), (".*", "names or telephone numbers")],
)
def test_a_pattern_that_is_none_or_takes_everything_ends_the_look(hospital_text, in_process, settings, pattern, words):
    in_process(hospital_text)
    settings.MIGRATIONS_SAFETY_ID_PATTERN = pattern

    with pytest.raises(IdPatternRefused, match=f"EHR_ID_PATTERN cannot be used: .*{words}"):
        precheck.run(using="default")


@ON_ONE_DATABASE
@given(st.integers(min_value=2, max_value=10**19 - 1), st.sampled_from(["", "+", "-", "0", "000"]))
def test_whole_numbers_are_never_ids(text, number, prefix):
    value = f"{prefix}{number}"[:19]

    assert classes_of(text, [value]) == {value: "integer"}
