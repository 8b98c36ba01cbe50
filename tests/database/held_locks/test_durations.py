"""How long a lock on an existing table is held, and who waits for it."""

import re
import time
from typing import Any

from migrations_safety.measurement.durations import held_locks
from tests.support.held_locks import INDEX, LONG, NOTE, SHORT, check, held


def test_an_index_stops_writers_as_long_as_it_is_built(plan):
    lock = held(plan(INDEX))["ward_bed"]

    assert (lock.lock, lock.readers) == ("ShareLock", None)
    assert 0 < lock.writers.least == lock.least < lock.most == lock.writers.most
    assert re.fullmatch(r"builds an index on \d(\.\d)? MB of ward_bed", lock.because)


def test_the_real_duration_of_an_index_lies_in_the_range(plan, measured):
    _, database, _ = measured
    lock = held(plan(INDEX))["ward_bed"]
    started = time.monotonic()
    database.execute("CREATE INDEX ON ward_bed (number)")
    seconds = time.monotonic() - started

    assert lock.least < seconds < lock.most


def test_a_lock_that_is_instant_is_held_until_a_later_statement_has_ended(plan):
    """The key to the clinic locks it for a moment; the index on another table, deferred to the end, takes long."""
    steps = (
        f'migrations.AddField("ward", "other", models.ForeignKey("ward.Clinic", models.CASCADE, null=True)), {INDEX}'
    )

    found = plan(steps)

    clinic = held(found, small=100_000)["ward_clinic"]
    assert (clinic.lock, clinic.readers) == ("ShareRowExclusiveLock", None)
    assert clinic.least > 0
    assert "ward_bed" in clinic.because
    hint = check(found, max_stall=LONG, small=100_000)["locks.E002 ward_clinic"].hint
    assert hint.startswith("Put operation 1 into a migration of its own, so that its lock ends before operation 2. ")
    assert "AddIndexConcurrently" in hint


def test_an_earlier_statement_does_not_count(plan):
    steps = f'{INDEX}, migrations.AddField("ward", "note", models.TextField(null=True))'

    assert held(plan(steps))["ward_ward"].most == 0


def test_a_deferred_statement_counts_where_it_is_sent_and_not_where_its_operation_stands(plan):
    """The index of the first operation is built at the end, when the second has locked another table."""
    steps = (
        'migrations.AlterField("bed", "gone", models.TextField(null=True)), '
        'migrations.AddField("bed", "note", models.TextField(null=True, db_index=True)), '
        'migrations.AddField("ward", "note", models.TextField(null=True))'
    )

    ward = held(plan(steps))["ward_ward"]

    assert ward.readers.least > 0
    assert ward.because.endswith("of ward_bed")


def test_without_a_transaction_each_statement_counts_alone(plan):
    steps = f'migrations.AddField("ward", "note", models.TextField(null=True)), {INDEX}'

    found = held(plan(steps, atomic=False))

    assert found["ward_ward"].most == 0
    assert found["ward_bed"].most > 0


def test_readers_wait_for_a_stronger_lock_than_writers(plan):
    """SHARE for the index, and only then ACCESS EXCLUSIVE for a moment: readers hardly wait."""
    lock = held(plan(f"{INDEX}, {NOTE}"))["ward_bed"]

    assert (lock.lock, lock.most, lock.readers.most) == ("AccessExclusiveLock", 0, 0)
    assert lock.writers.least > 0


def test_concurrent_and_validating_statements_stop_nobody(plan):
    add = "from django.contrib.postgres.operations import AddIndexConcurrently"
    steps = INDEX.replace("migrations.AddIndex", f'__import__("{add.split()[1]}", fromlist="x").AddIndexConcurrently')

    found = plan(steps, atomic=False)

    assert held(found)["ward_bed"].writers is None
    assert check(found, max_stall=LONG) == {}


def test_a_validated_check_stops_nobody_and_an_immediate_one_does(plan):
    postgres = '__import__("django.contrib.postgres.operations", fromlist="x")'
    constraint = 'models.CheckConstraint(condition=models.Q(number__gt=0), name="positive")'
    found = plan(
        f'{postgres}.AddConstraintNotValid("bed", {constraint})',
        f'{postgres}.ValidateConstraint("bed", name="positive")',
        f'migrations.AddConstraint("bed", {constraint.replace("positive", "again")})',
    )

    steps: list[dict[str, Any]] = [{one.table: one for one in locks} for locks in held_locks(*found)]
    adding, validating, immediate = steps
    assert adding["ward_bed"].most == 0
    assert (validating["ward_bed"].writers, validating["ward_bed"].most > 0) == (None, True)
    assert immediate["ward_bed"].readers.least > 0
    told = check(found, max_stall=LONG)
    assert list(told) == ["locks.I001 ward_bed", "locks.E002 ward_bed"]
    assert told["locks.E002 ward_bed"].migration == "ward.0004_next"
    assert "AddConstraintNotValid" in told["locks.E002 ward_bed"].hint


def test_python_code_that_runs_while_a_lock_is_held_takes_an_unknown_time(plan):
    found = plan(f"{NOTE}, migrations.RunPython(lambda apps, editor: None)")

    assert held(found)["ward_bed"].most is None
    told = check(found, max_stall=SHORT)["locks.W005 ward_bed"]
    assert "how long others wait is unknown (it runs Python code that was not measured)" in told.message
    assert "Python code" in told.hint


def test_python_code_before_a_lock_does_not_count(plan):
    assert held(plan(f"migrations.RunPython(lambda apps, editor: None), {NOTE}"))["ward_bed"].most == 0


def test_a_truncated_table_is_not_rewritten(plan):
    assert held(plan('migrations.RunSQL("TRUNCATE ward_bed")'))["ward_bed"].most == 0
