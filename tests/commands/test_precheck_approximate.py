"""A first look: statistics and a few index entries. It says that it proves nothing, and nobody takes it for a proof."""

import pytest

from tests.support.factories import REFERENCING, PatientFactory, new_id, refer

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"
NIL = "00000000-0000-0000-0000-000000000000"
LOOK = ("precheck", "--approximate", "--format", "json")


@pytest.fixture
def known(make):
    """A hospital whose bills are known to the statistics: a hundred ids, and the nil UUID once."""
    hospital = make("hospital")
    refer(hospital, "bills", NIL, *(new_id() for _ in range(100)))
    hospital.execute("ANALYZE")
    return hospital


def of_table(result, table):
    return next(one for one in result.json["references"] if one["table"] == table)


def test_it_estimates_and_never_calls_the_database_safe(known):
    result = known.run(*LOOK)

    assert (result.code, result.json["verdict"], result.json["approximate"]) == (1, "blocked", True)
    assert (result.json["data_counted"], result.json["snapshot"]) == (False, None)
    (finding,) = (one for one in result.json["findings"] if one["id"] == "references.E005")
    assert "That proves nothing." in finding["message"]
    bills = of_table(result, "bills")
    assert (bills["total_rows"], bills["non_null"], bills["distinct_values"]) == (101, 101, 101)
    assert (bills["orphan_values"], bills["orphan_rows"], bills["classes"]) == (None, None, {})
    assert bills["sample"]["orphan_values"] == 101
    assert bills["sample"]["orphan_classes"] == {"uuid_canonical": 100, "uuid_nil": 1}


def test_even_a_hospital_without_an_orphan_is_not_safe_by_it(make):
    hospital = make("with_patients")
    PatientFactory.create(on=hospital, id=ONE)
    refer(hospital, "bills", ONE)
    hospital.execute("ANALYZE")

    result = hospital.run(*LOOK)

    assert (result.code, of_table(result, "bills")["sample"]["orphan_values"]) == (1, 0)


def test_no_table_is_read(known):
    known.execute("SELECT pg_stat_force_next_flush()")
    before = scanned(known)

    known.run(*LOOK)
    known.wait_for(
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid())", known.name
    )

    assert scanned(known) == before


def scanned(database):
    database.execute("SELECT pg_stat_clear_snapshot()")
    return database.rows("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(%s)", list(REFERENCING))


def test_a_sentinel_is_found_by_the_index_where_statistics_know_nothing(make):
    hospital = make("hospital", "text")
    refer(hospital, "bills", *(new_id() for _ in range(20)), "unknown")

    result = hospital.run(*LOOK)

    assert (of_table(result, "bills")["total_rows"], of_table(result, "bills")["non_null"]) == (None, None)
    assert of_table(result, "bills")["sample"]["orphan_classes"]["sentinel_word"] == 1


def test_the_text_says_that_nothing_was_counted(known):
    result = known.run("precheck", "--approximate")

    assert result.code == 1
    assert "Estimated from statistics and a few index entries; nothing was counted (--approximate):" in result.out
    assert "proves nothing" in result.out
    assert "python manage.py precheck counts them." in result.out
    assert NIL not in result.said


def test_the_gate_takes_no_estimate_for_a_census(known, tmp_path):
    file = tmp_path / "look.json"
    known.run(*LOOK, "--output", str(file))

    result = known.run("migrate", "--census", str(file))

    assert (result.code, result.out) == (2, "")
    assert "cannot be used: nothing was counted for it. Nothing was changed." in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--approximate", "--no-data"), "not allowed with argument"),
        (("--approximate", "--show-ids"), "--show-ids reads the data; leave out --no-data and --approximate."),
        (("--jobs", "0"), "processes: a whole number, 1 to 64"),
        (("--max-rate", "0"), "megabytes a second: a whole number, 1 or more"),
        (("--jobs", "2", "--max-rate", "5"), "--max-rate needs a single process; leave out --jobs."),
    ],
)
def test_wishes_that_contradict_are_refused(hospital, arguments, said):
    result = hospital.run("precheck", *arguments)

    assert (result.code, result.out) == (2, "")
    assert said in result.err
