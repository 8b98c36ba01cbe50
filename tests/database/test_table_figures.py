"""The figures of tables are what PostgreSQL's statistics, its catalog and its sessions say."""

import time
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from migrations_safety.postgresql.snapshot import snapshot
from migrations_safety.postgresql.table_figures import SHORTEST, figures, read_counters

WARD = "CREATE TABLE ward (id int PRIMARY KEY, name text)"
ROWS = "INSERT INTO ward SELECT g, 'n' || g FROM generate_series(1, 500) AS g"
REPORT = "SELECT pg_stat_force_next_flush()"


@pytest.fixture
def database(empty, in_process):
    """A database with the table `ward` of 500 rows, and Django's connection to it."""
    empty.execute(f"{WARD}; {ROWS}")
    return empty, in_process(empty)


def of(connection, table: str, **how) -> Any:
    """The figures of one table; what may be None is compared as it is."""
    return figures(connection, [table], **how)[table]


@contextmanager
def transaction(database, *statements):
    with psycopg.connect(database.url) as session:
        for statement in statements:
            session.execute(statement)
        yield session
        session.rollback()


def test_a_table_that_was_never_analyzed_has_no_number_of_rows(database):
    empty, connection = database
    before = of(connection, "ward")
    empty.execute("ANALYZE ward")

    after = of(connection, "ward")

    assert (before.rows, before.is_analyzed) == (None, False)
    assert (after.rows, after.is_analyzed) == (500, True)


def test_an_empty_table_that_was_vacuumed_has_no_rows_and_a_filled_one_no_figure(database):
    empty, connection = database
    empty.execute("CREATE TABLE bed (id int)")
    empty.execute("VACUUM bed")
    before = of(connection, "bed")
    empty.execute("INSERT INTO bed VALUES (1)")

    assert (before.rows, of(connection, "bed").rows) == (0, None)


def test_rows_follow_the_growth_of_the_table_since_it_was_analyzed(database):
    empty, connection = database
    empty.execute("ANALYZE ward")
    empty.execute("INSERT INTO ward SELECT g, 'n' || g FROM generate_series(501, 50000) AS g")

    assert of(connection, "ward").rows == pytest.approx(50000, rel=0.2)


def test_sizes_are_those_of_postgresql(database):
    empty, connection = database
    empty.execute("CREATE TABLE bed (id int, ward_id int REFERENCES ward); CREATE INDEX ON ward (name)")

    found = of(connection, "ward")

    assert (found.bytes, found.index_bytes) == empty.rows("SELECT pg_table_size('ward'), pg_indexes_size('ward')")[0]
    assert (found.indexes, found.keys) == (2, 1)


def test_a_partitioned_table_is_the_sum_of_its_partitions(database):
    empty, connection = database
    empty.execute(
        "CREATE TABLE visit (id int) PARTITION BY RANGE (id);"
        "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (1) TO (100);"
        "CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (id);"
        "CREATE TABLE visit_2_1 PARTITION OF visit_2 FOR VALUES FROM (100) TO (1000);"
        "INSERT INTO visit SELECT generate_series(1, 500)"
    )
    before = of(connection, "visit")
    empty.execute(f"ANALYZE visit_1, visit_2_1; {REPORT}")

    with transaction(empty, "LOCK TABLE ONLY visit_2_1 IN ACCESS SHARE MODE"):
        found: dict[str, Any] = figures(connection, ["visit", "visit_1", "visit_2_1"])

    assert before.rows is None
    assert [found[one].rows for one in ("visit", "visit_1", "visit_2_1")] == [500, 99, 401]
    assert found["visit"].bytes == found["visit_1"].bytes + found["visit_2_1"].bytes > 0
    assert [found[one].open_transactions for one in ("visit", "visit_1", "visit_2_1")] == [1, 0, 1]
    assert [found[one].partition_of for one in ("visit", "visit_1", "visit_2_1")] == [None, "visit", "visit"]
    assert found["visit"].writes_per_second_since_reset > found["visit_1"].writes_per_second_since_reset > 0


def test_reads_and_writes_of_the_run_are_counted_between_two_readings(database):
    empty, connection = database
    empty.execute(REPORT)
    first = read_counters(connection)
    empty.execute("UPDATE ward SET name = 'x' WHERE id <= 100")
    for number in range(20):
        empty.execute(f"SELECT name FROM ward WHERE id = {number}")
    empty.execute(REPORT)
    time.sleep(SHORTEST)

    found = of(connection, "ward", earlier=first)

    assert 0 < found.writes_per_second <= 100 / SHORTEST
    assert found.reads_per_second >= found.writes_per_second / 5
    assert found.writes_per_second != found.writes_per_second_since_reset


def test_two_readings_in_one_snapshot_see_what_others_did_meanwhile(database):
    empty, connection = database
    empty.execute(REPORT)
    with snapshot(connection):
        first = read_counters(connection)
        empty.execute("DELETE FROM ward WHERE id <= 200")
        empty.execute(REPORT)
        time.sleep(SHORTEST)
        found = of(connection, "ward", earlier=first)

    assert found.writes_per_second > 0


def test_readings_that_are_too_close_give_the_rate_since_the_last_reset(database):
    empty, connection = database
    empty.execute(REPORT)
    first = read_counters(connection)

    found = of(connection, "ward", earlier=first)

    assert found.writes_per_second == found.writes_per_second_since_reset > 0


def test_reads_of_the_run_itself_are_no_use_of_a_table(database):
    empty, connection = database
    empty.execute(REPORT)
    empty.execute("SELECT pg_stat_reset()")
    first = read_counters(connection)
    empty.execute("SELECT count(*) FROM ward")
    empty.execute(REPORT)

    assert of(connection, "ward", earlier=first).is_used is False
    assert of(connection, "ward").is_used is True


def test_after_a_reset_nothing_counts_as_used(database):
    empty, connection = database
    empty.execute(REPORT)
    before = of(connection, "ward")
    empty.execute("SELECT pg_stat_reset()")

    after = of(connection, "ward")

    assert (before.is_used, after.is_used) == (True, False)
    assert after.writes_per_second_since_reset == 0


def test_a_reset_between_two_readings_makes_no_negative_rate(database):
    empty, connection = database
    empty.execute(REPORT)
    first = read_counters(connection)
    empty.execute("SELECT pg_stat_reset()")
    time.sleep(SHORTEST)

    found = of(connection, "ward", earlier=first)

    assert found.writes_per_second == 0


def test_an_open_transaction_is_counted_with_its_age(database):
    empty, connection = database
    empty.execute("SELECT pg_stat_reset()")
    with transaction(empty, "SELECT count(*) FROM ward"):
        time.sleep(0.3)
        found = of(connection, "ward")
    after = of(connection, "ward")

    assert (found.open_transactions, found.is_used) == (1, True)
    assert 0.3 <= found.longest_transaction_seconds < 30
    assert (after.open_transactions, after.longest_transaction_seconds) == (0, 0)


def test_a_prepared_transaction_is_open(database):
    empty, connection = database
    with empty.session("UPDATE ward SET name = 'y' WHERE id = 1", "PREPARE TRANSACTION 'left'"):
        pass
    found = of(connection, "ward")
    empty.execute("ROLLBACK PREPARED 'left'")

    assert found.open_transactions == 1
    assert found.longest_transaction_seconds > 0


def test_a_table_that_is_locked_by_others_is_not_waited_for(database):
    empty, connection = database
    empty.execute("ANALYZE ward")
    size = empty.value("SELECT pg_relation_size('ward')")
    with transaction(empty, "LOCK TABLE ward"):
        connection.cursor().execute("SET statement_timeout = '5s'")
        found = of(connection, "ward")

    assert (found.rows, found.bytes, found.open_transactions) == (500, size, 1)


def test_a_role_with_select_alone_may_not_see_ages_and_sees_all_else(database, in_process, new_role):
    empty, _ = database
    role = new_role()
    empty.execute(f'GRANT SELECT ON ward TO "{role}"; ANALYZE ward')
    connection = in_process(empty, url=empty.url.replace("postgres@", f"{role.replace(' ', '%20')}:secret@"))
    with transaction(empty, "SELECT count(*) FROM ward"):
        found = of(connection, "ward")

    assert (found.rows, found.open_transactions, found.longest_transaction_seconds) == (500, 1, None)
    assert found.is_used is True


def test_a_standby_does_not_know_what_happens_on_its_primary(database, in_process, standby_of):
    empty, _ = database
    empty.execute("ANALYZE ward; CREATE TABLE bed (id int)")
    standby = standby_of(empty)
    connection = in_process(standby)
    standby.rows("SELECT * FROM ward")
    standby.rows(REPORT)

    found: dict[str, Any] = figures(connection)

    assert found["ward"].rows == 500
    assert [found[one].is_used for one in ("ward", "bed")] == [True, None]
    assert found["ward"].writes_per_second is None
    assert found["ward"].open_transactions is None
    assert found["ward"].longest_transaction_seconds is None


def test_names_are_those_that_postgresql_prints(database):
    empty, connection = database
    empty.execute('CREATE SCHEMA "Other"; CREATE TABLE "Other"."Bed %s" (id int)')

    assert set(figures(connection, ['"Other"."Bed %s"', "nowhere"])) == {'"Other"."Bed %s"'}
    assert set(figures(connection)) == {"ward", '"Other"."Bed %s"'}
