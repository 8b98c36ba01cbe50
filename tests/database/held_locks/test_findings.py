"""What precheck says of a lock, by its duration, the limit, and the use of its table."""

import time

import psycopg

from tests.support.held_locks import INDEX, LONG, NOTE, SHORT, check, held, nobody_has_used


def test_between_the_fastest_and_the_slowest_estimate_it_is_a_warning(plan):
    found = plan(INDEX)
    lock = held(found)["ward_bed"]

    assert list(check(found, max_stall=lock.least * 0.99)) == ["locks.E002 ward_bed"]
    assert list(check(found, max_stall=lock.least * 1.01)) == ["locks.W004 ward_bed"]
    assert list(check(found, max_stall=lock.most * 1.01)) == []


def test_with_no_limit_nothing_is_too_long(plan):
    assert list(check(plan(INDEX), max_stall=0)) == ["locks.I001 ward_bed"]


def test_of_a_small_table_nothing_is_found(plan):
    found = plan(INDEX)

    assert list(check(found, max_stall=LONG, small=200_000_000)) == []
    assert held(found)["ward_bed"].writers.most > 0


def test_a_table_that_nobody_uses_is_only_mentioned(plan, measured):
    nobody_has_used(measured)

    found = check(plan(INDEX), max_stall=LONG)

    assert list(found) == ["locks.I001 ward_bed"]
    assert found["locks.I001 ward_bed"].message.endswith("no read and no write of the table was counted.")


def test_with_a_transaction_open_it_is_in_use_and_the_lock_waits_for_it(plan, measured):
    _, database, _ = measured
    nobody_has_used(measured)
    with psycopg.connect(database.url) as session:
        session.execute("SELECT FROM ward_bed LIMIT 1")
        time.sleep(0.3)
        found = plan(INDEX)

    assert list(check(found, max_stall=LONG)) == ["locks.E002 ward_bed"]
    assert held(found)["ward_bed"].until_granted >= 0.3
    long = check(found, max_stall=LONG)["locks.E002 ward_bed"].message
    assert "it waits behind the longest transaction (now " in long


def test_an_instant_lock_is_named_with_what_it_waits_for(plan):
    (told,) = check(plan(NOTE), max_stall=0.2).values()

    assert (told.id, told.subject, told.migration, told.operation) == ("locks.I001", "ward_bed", "ward.0002_next", 1)
    assert told.message == (
        "is locked by ward.0002_next, operation 1 (ACCESS EXCLUSIVE): instant once granted; no transaction is open on "
        "the table now; others wait behind it at most --max-stall (200 ms)."
    )


def test_the_parent_that_a_removed_key_refers_to_is_named_like_the_first_table(plan):
    found = plan('migrations.RemoveField("ward", "clinic")')

    assert {one: lock.lock for one, lock in held(found).items()} == {
        "ward_ward": "AccessExclusiveLock",
        "ward_clinic": "AccessExclusiveLock",
    }
    assert set(check(found, max_stall=SHORT)) == {"locks.I001 ward_ward", "locks.I001 ward_clinic"}


def test_a_table_of_the_same_plan_is_not_named(plan):
    steps = (
        'migrations.CreateModel("Visit", [("id", models.AutoField(primary_key=True)), ("number", models.TextField())])'
    )
    index = 'migrations.AddIndex("visit", models.Index(fields=["number"], name="visit_number"))'

    assert check(plan(steps, index), max_stall=LONG, hot=("ward_visit",)) == {}


def test_a_table_without_figures_has_an_unknown_duration(plan):
    measured, _ = plan(INDEX)

    assert list(check((measured, {}), max_stall=SHORT)) == ["locks.W005 ward_bed"]


def test_rows_that_a_statement_writes_stay_locked(plan):
    found = plan("migrations.RunSQL(\"UPDATE ward_bed SET slug = 'x'\")")

    assert list(check(found, max_stall=0.2)) == ["locks.W006 ward_bed"]
    assert list(check(found, max_stall=SHORT)) == []
