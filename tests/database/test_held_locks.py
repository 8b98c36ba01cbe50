"""How long locks on existing tables are held, who waits, and what precheck says of it."""

import re
import time
from typing import Any

import psycopg
import pytest

from migrations_safety.checks.held_locks import check_held_locks, check_hot_tables
from migrations_safety.measurement.durations import STOPS_READERS, STOPS_WRITERS, held_locks, tables_of
from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.measurement.report import LOCKS
from migrations_safety.messages.lock_words import mode
from migrations_safety.postgresql.table_figures import figures
from tests.support.measured_app import write

ROWS = """
    INSERT INTO ward_clinic (code) SELECT 'c' || g FROM generate_series(1, 200) AS g;
    INSERT INTO ward_bed (number, slug) SELECT g, repeat('s', 100) || g FROM generate_series(1, 40000) AS g;
    INSERT INTO ward_ward (beds, price, clinic_id) SELECT g, 1, g FROM generate_series(1, 200) AS g;
    SELECT pg_stat_force_next_flush()
"""
INDEX = 'migrations.AddIndex("bed", models.Index(fields=["number"], name="bed_number"))'
NOTE = 'migrations.AddField("bed", "note", models.TextField(null=True))'
LONG, SHORT = 0.000001, 1000.0
"""Limits in seconds that every work is over, and none."""


@pytest.fixture
def plan(measured, make):
    """`plan(*migrations)`: what the migrations with these operations do, and the figures of their tables."""
    app, database, connection = measured
    database.execute(ROWS)

    def measured_plan(*migrations: str, **how: Any) -> tuple[Any, Any]:
        write(app, migrations, **how)
        found = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=make("empty").url))
        assert found.measured == "url", found.reason
        assert found.error is None
        return found, figures(connection, tables_of(found))

    return measured_plan


def check(plan: tuple[Any, Any], *, max_stall: float, small: int = 0, hot: tuple[str, ...] = ()) -> dict[str, Any]:
    """The findings by id and table."""
    found = check_held_locks(*plan, max_stall=max_stall, small=small, hot=frozenset(hot))
    by_place = {f"{one.id} {one.subject}": one for one in found}
    assert len(by_place) == len(found)
    return by_place


def held(plan: tuple[Any, Any], **how: Any) -> dict[str, Any]:
    """The locks of the only transaction, by table."""
    (locks,) = held_locks(*plan, **how)
    return {one.table: one for one in locks}


def nobody_has_used(measured: Any) -> None:
    """Let the session of the migrations report what it has read, and forget it."""
    _, database, connection = measured
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    database.execute("SELECT pg_stat_reset()")


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


KINDS = [
    ('migrations.AlterField("bed", "number", models.BigIntegerField())', "rewrites", "SeparateDatabaseAndState"),
    ('migrations.AlterField("ward", "beds", models.IntegerField())', "reads", "AddConstraintNotValid"),
    (
        'migrations.AlterField("bed", "gone", models.TextField(default=""))',
        "writes rows of",
        "fill the NULLs in batches",
    ),
    (
        'migrations.AddConstraint("bed", models.UniqueConstraint(fields=["number"], name="one"))',
        "builds an index on",
        "UNIQUE USING INDEX",
    ),
    (
        'migrations.AlterField("ward", "clinic_number", models.ForeignKey("ward.Clinic", models.CASCADE, '
        'null=True, db_column="clinic_number", db_index=False, related_name="+"))',
        "checks a foreign key on",
        "AddForeignKeyNotValid",
    ),
    ('migrations.AddField("bed", "size", models.PositiveIntegerField(null=True))', "reads", "IntegerField"),
    (
        'migrations.AddField("bed", "twice", models.GeneratedField(expression=models.F("id") * 2, '
        "output_field=models.IntegerField(), db_persist=True))",
        "rewrites",
        "trigger",
    ),
    (
        'migrations.AlterField("bed", "size", models.PositiveIntegerField(null=True, db_index=True))',
        "builds an index on",
        "AddIndexConcurrently",
    ),
    (
        'migrations.RunSQL("ALTER TABLE ward_bed ADD COLUMN at timestamptz DEFAULT clock_timestamp()")',
        "rewrites",
        "in batches",
    ),
]


def test_each_kind_of_work_is_named_with_its_safe_form(plan):
    measured, sizes = plan(*(operation for operation, _, _ in KINDS))

    found = check_held_locks(measured, sizes, max_stall=LONG, small=0, hot=frozenset())
    for number, (operation, work, form) in enumerate(KINDS, 2):
        told = [one for one in found if one.migration == f"ward.{number:04}_next" and one.subject != "ward_clinic"]
        assert [one.id for one in told] == ["locks.E002"], operation
        assert f"(it {work} " in told[0].message, operation
        assert form in told[0].hint, operation


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


@pytest.mark.parametrize("name", ["ward_bed", "public.ward_bed", '"public"."ward_bed"'])
def test_a_lock_on_a_hot_table_is_an_error(plan, name):
    found = check(plan(NOTE), max_stall=SHORT, hot=(name, "elsewhere"))

    assert list(found) == ["locks.E003 ward_bed"]
    assert "is a hot table and is locked by ward.0002_next" in found["locks.E003 ward_bed"].message


def test_a_weak_lock_on_a_hot_table_is_none(plan):
    assert check(plan('migrations.AlterModelTableComment("bed", "beds")'), max_stall=LONG, hot=("ward_bed",)) == {}


def test_a_hot_table_of_the_same_name_in_another_schema_is_another(plan):
    assert list(check(plan(NOTE), max_stall=SHORT, hot=("other.ward_bed",))) == ["locks.I001 ward_bed"]


def test_python_code_that_runs_while_a_lock_is_held_takes_an_unknown_time(plan):
    found = plan(f"{NOTE}, migrations.RunPython(lambda apps, editor: None)")

    assert held(found)["ward_bed"].most is None
    told = check(found, max_stall=SHORT)["locks.W005 ward_bed"]
    assert "how long others wait is unknown (it runs Python code that was not measured)" in told.message
    assert "Python code" in told.hint


def test_python_code_before_a_lock_does_not_count(plan):
    assert held(plan(f"migrations.RunPython(lambda apps, editor: None), {NOTE}"))["ward_bed"].most == 0


def test_a_table_without_figures_has_an_unknown_duration(plan):
    measured, _ = plan(INDEX)

    assert list(check((measured, {}), max_stall=SHORT)) == ["locks.W005 ward_bed"]


def test_rows_that_a_statement_writes_stay_locked(plan):
    found = plan("migrations.RunSQL(\"UPDATE ward_bed SET slug = 'x'\")")

    assert list(check(found, max_stall=0.2)) == ["locks.W006 ward_bed"]
    assert list(check(found, max_stall=SHORT)) == []


def test_a_truncated_table_is_not_rewritten(plan):
    assert held(plan('migrations.RunSQL("TRUNCATE ward_bed")'))["ward_bed"].most == 0


def test_partitions_are_told_with_their_table(plan, measured):
    _, database, _ = measured
    database.execute(
        "CREATE TABLE visit (id int, at date) PARTITION BY RANGE (id);"
        "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (1) TO (20000);"
        "CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM (20000) TO (50000);"
        "INSERT INTO visit SELECT g, now() FROM generate_series(1, 40000) AS g; SELECT pg_stat_force_next_flush()"
    )

    found = plan('migrations.RunSQL("CREATE INDEX ON visit (at)")')

    assert set(held(found)) == {"visit"}
    assert held(found)["visit"].because.count("builds an index on") == 2
    assert list(check(found, max_stall=LONG)) == ["locks.E002 visit"]


def test_a_hot_table_that_is_nowhere_is_named(plan, measured):
    _, _, connection = measured
    made, _ = plan('migrations.CreateModel("Visit", [("id", models.AutoField(primary_key=True))])')
    hot = frozenset({"ward_bed", "public.ward_bed", '"ward_visit"', "public.ward_visit", "ward.Bed", "other.ward_bed"})

    found = check_hot_tables(connection, made, hot=hot)

    assert [(one.id, one.subject) for one in found] == [("locks.I002", "other.ward_bed"), ("locks.I002", "ward.Bed")]


def test_the_default_partition_that_an_attached_one_makes_postgresql_read_is_named(plan, measured):
    _, database, _ = measured
    database.execute(
        "CREATE TABLE visit (id int) PARTITION BY RANGE (id); CREATE TABLE visit_9 (id int);"
        "CREATE TABLE visit_default PARTITION OF visit DEFAULT;"
        "INSERT INTO visit SELECT g FROM generate_series(1, 40000) AS g; SELECT pg_stat_force_next_flush()"
    )

    attach = "ALTER TABLE visit ATTACH PARTITION visit_9 FOR VALUES FROM (90000) TO (99999)"
    found = plan(f'migrations.RunSQL("{attach}")')

    default = held(found)["visit_default"]
    assert (default.lock, default.because) == ("AccessExclusiveLock", "reads 1.5 MB of visit_default")
    assert "locks.E002 visit_default" in check(found, max_stall=LONG)


@pytest.mark.parametrize("lock", LOCKS)
def test_who_waits_for_a_lock_is_what_postgresql_lets_wait(empty, lock):
    empty.execute("CREATE TABLE bed (id int); INSERT INTO bed VALUES (1)")
    waits = {}
    with empty.session(f"LOCK TABLE bed IN {mode(lock)} MODE"), psycopg.connect(empty.url, autocommit=True) as other:
        other.execute("SET lock_timeout = '20ms'")
        for name, statement in (("readers", "SELECT FROM bed"), ("writers", "UPDATE bed SET id = 2")):
            try:
                other.execute(statement.encode())
                waits[name] = False
            except psycopg.errors.LockNotAvailable:
                waits[name] = True

    assert waits == {"readers": lock in STOPS_READERS, "writers": lock in STOPS_WRITERS}
