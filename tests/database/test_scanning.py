"""However the tables are read, by indexes, by several processes or piece by piece: the figures are the same."""

import time
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from migrations_safety.census import counts, reference_counts, scan_progress, scan_queries, scan_strategy
from migrations_safety.census.report import OrphanCounts
from migrations_safety.census.scan_strategy import LARGE, MEGABYTE, ScanOptions
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.parallel_queries import run_in_parallel
from migrations_safety.postgresql.relations import PhysicalTable
from migrations_safety.postgresql.snapshot import snapshot
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth
from tests.support.factories import REFERENCING, new_id, refer

SOME_PATIENT = "overlay(overlay(md5('p' || n %% 700) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid"
ROWS = 30_000
UUID = sql.SQL("uuid")


@pytest.fixture(scope="module")
def busy(cluster):
    """Bills of a few megabytes, one in twenty without a patient, one in a hundred of nobody; other tables are short."""
    database = cluster.create("hospital")
    database.execute('ALTER TABLE bills ALTER COLUMN "patientId" DROP NOT NULL')
    fill = f"""INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
        SELECT gen_random_uuid(), 'B-' || n, CASE WHEN n %% 20 = 0 THEN NULL WHEN n %% 100 = 1
               THEN '00000000-0000-0000-0000-000000000000' ELSE {SOME_PATIENT} END, 500, now()
        FROM generate_series(1, %s) AS n"""
    database.execute(fill, ROWS)
    few = f"""INSERT INTO medical_records (id, "recordNumber", "patientId", "updatedAt")
        SELECT gen_random_uuid(), 'M-' || n, {SOME_PATIENT}, now() FROM generate_series(1, %s) AS n"""
    database.execute(few, 900)
    for table in REFERENCING:
        database.execute(f'CREATE INDEX IF NOT EXISTS "{table}_patientId_idx" ON {table} ("patientId")')
    database.execute("VACUUM ANALYZE")
    yield database
    cluster.drop(database)


def question_of(connection, reading):
    """The question of a precheck, as it would read."""
    report = precheck.run(using="default", options=PrecheckOptions(depth=Depth.CATALOG))
    (question,) = reference_counts.questions(report.inspected, report.inspected.references(), reading=reading)
    return question


def source_of(connection, question):
    return scan_strategy.choose_scan(connection, question.keys, question.reading)


def plan_of(connection, source, rows):
    scan_strategy.set_planner(connection, source)
    query = sql.SQL("EXPLAIN (COSTS OFF) SELECT value, count(*) FROM ({}) AS spelling GROUP BY value")
    with connection.cursor() as cursor:
        cursor.execute(query.format(rows.together()))
        return "\n".join(line for (line,) in cursor.fetchall())


def conditions_of_indexes(plan):
    return sum("Index Cond" in line and '"patientId"' in line for line in plan.splitlines())


def figures(connection, question):
    return {
        one.key.table: (one.total_rows, one.non_null, one.distinct_values, one.most_rows, one.orphans)
        for one in counts.count(connection, question).references
    }


def test_every_way_of_reading_gives_the_same_figures(busy, in_process):
    connection = in_process(busy)
    question = question_of(connection, ScanOptions())
    in_order = source_of(connection, question)
    by_index = replace(in_order, bytewise=False)
    tables = replace(by_index, by_index=frozenset())
    ways = [in_order, by_index, *(replace(tables, jobs=jobs) for jobs in (1, 3)), replace(tables, max_rate=50)]
    ways += [replace(in_order, by_index=in_order.by_index - {number}) for number in in_order.by_index]
    found = []
    for source in ways:
        with snapshot(connection):
            scan_strategy.set_planner(connection, source)
            ranges = scan_queries.split_into_ranges(connection, large(source) if source.by_index else source, UUID)
            for apart in ([scan_queries.all_rows(source, UUID)], ranges):
                added = [row for rows in apart for row in counts._figures(connection, question, rows)]
                found.append(counts._census(question, added, counts.Spellings()))

    bills = next(one for one in found[0].references if one.key.table == "bills")
    assert (bills.total_rows, bills.non_null) == (ROWS, ROWS - ROWS // 20)
    assert bills.orphans["uuid_nil"] == OrphanCounts(values=1, rows=ROWS // 100)
    assert all(one == found[0] for one in found)


def large(source):
    """As if each table were large, so that it is read in ranges."""
    parts = {table: [replace(part, bytes=LARGE) for part in parts] for table, parts in source.parts.items()}
    return replace(source, parts=parts)


def test_where_all_columns_are_indexed_and_vacuumed_the_indexes_are_merged_and_no_table_is_read(busy, in_process):
    connection = in_process(busy)
    question = question_of(connection, ScanOptions())
    source = source_of(connection, question)

    with snapshot(connection):
        plan = plan_of(connection, source, scan_queries.all_rows(source, UUID))

    assert source.in_order
    assert "Merge Append" in plan
    assert plan.count("Index Only Scan") == 5
    assert "Seq Scan" not in plan


@pytest.mark.parametrize(("table", "is_worth_it"), [("surgical_cases", True), ("bills", False)])
def test_indexes_are_read_beside_a_table_that_has_none_where_that_table_is_the_smaller_part(
    busy, in_process, table, is_worth_it
):
    connection = in_process(busy)
    question = question_of(connection, ScanOptions())
    busy.execute(f'DROP INDEX "{table}_patientId_idx"')
    try:
        source = source_of(connection, question)
        with snapshot(connection):
            plan = plan_of(connection, source, scan_queries.all_rows(source, UUID))
            apart = scan_queries.split_into_ranges(connection, large(source), UUID)
            plan_of_range = plan_of(connection, source, apart[0])
            found = counts.count(connection, question)
    finally:
        busy.execute(f'CREATE INDEX "{table}_patientId_idx" ON {table} ("patientId")')

    assert (len(source.by_index), source.in_order) == (4 if is_worth_it else 0, False)
    assert f"Seq Scan on {table}" in plan
    assert ("GroupAggregate" in plan) == is_worth_it
    assert (1 < len(apart) < 10) == is_worth_it
    assert not is_worth_it or conditions_of_indexes(plan_of_range) == 4
    with snapshot(connection):
        assert found == counts.count(connection, question)


def test_text_is_read_in_order_where_it_is_in_the_order_of_its_bytes(hospital_text, in_process):
    collations = {"bills": "C", "medical_records": "und-x-icu"}
    try:
        for table, collation in collations.items():
            hospital_text.execute(f'ALTER TABLE {table} ALTER COLUMN "patientId" TYPE text COLLATE "{collation}"')
    except (psycopg.errors.UndefinedObject, psycopg.errors.FeatureNotSupported):
        pytest.skip("this PostgreSQL was built without the orders of languages")
    connection = in_process(hospital_text)
    keys = {key.table: key for key in question_of(connection, ScanOptions()).keys}

    found = {table: scan_strategy.choose_scan(connection, [keys[table]], ScanOptions()) for table in collations}
    together = scan_strategy.choose_scan(connection, [keys[table] for table in collations], ScanOptions())

    assert {table: source.in_order for table, source in found.items()} == {"bills": True, "medical_records": False}
    assert all(source.by_index for source in found.values())
    assert not together.by_index, "their values are in two orders"


def test_an_index_whose_order_is_of_another_version_of_the_systems_locales_is_not_trusted(hospital_text, in_process):
    connection = in_process(hospital_text)
    question = question_of(connection, ScanOptions())
    before = source_of(connection, question)

    hospital_text.execute("UPDATE pg_database SET datcollversion = '1' WHERE datname = current_database()")

    assert before.by_index
    assert not source_of(connection, question).by_index


def test_several_jobs_are_several_processes(busy, in_process):
    connection = in_process(busy)
    source = replace(source_of(connection, question_of(connection, ScanOptions(jobs=3))), by_index=frozenset())

    with snapshot(connection):
        plan = plan_of(connection, source, scan_queries.all_rows(source, UUID))

    assert "Workers Planned: 2" in plan


def test_large_indexes_are_read_in_ranges_that_add_up(busy, in_process):
    connection = in_process(busy)
    question = question_of(connection, ScanOptions())
    source = source_of(connection, question)

    with snapshot(connection):
        apart = scan_queries.split_into_ranges(connection, large(source), UUID)
        plan = plan_of(connection, source, apart[7])
        scan_strategy.set_planner(connection, source)
        added = [row for rows in apart for row in counts._figures(connection, question, rows)]
        together = counts._census(question, added, counts.Spellings())
        whole = counts.count(connection, question)

    assert len(apart) > 50
    assert "Merge Append" in plan
    assert conditions_of_indexes(plan) == 5
    assert "Index Only Scan" in plan
    assert together == whole


@pytest.mark.parametrize("sessions", [1, 3, 200])
def test_several_sessions_share_the_parts_of_one_snapshot(busy, in_process, sessions):
    connection = in_process(busy)
    question = question_of(connection, ScanOptions())
    source = source_of(connection, question)
    told = []

    with snapshot(connection):
        whole = counts.count(connection, question)
        refer(busy, "bills", *(new_id() for _ in range(20)))
        apart = scan_queries.split_into_ranges(connection, large(source), UUID)
        statements = [counts._counting(connection, question, rows) for rows in apart]
        how = {"sessions": sessions, "settings": scan_strategy.BY_INDEX, "advance": told.append}
        shared = run_in_parallel(connection, statements, **how)
    busy.execute("DELETE FROM bills WHERE \"billNumber\" NOT LIKE 'B-%'")

    added = [counts._named(record, question) for record in shared]
    assert counts._census(question, added, counts.Spellings()) == whole
    assert told == sorted(told)


def test_a_rate_makes_pieces_that_wait_for_their_time_and_leave_nothing_out(busy, in_process):
    connection = in_process(busy)
    question = question_of(connection, ScanOptions(max_rate=1))
    source = source_of(connection, question)
    assert source.bytes > 3 * MEGABYTE

    started = time.monotonic()
    with snapshot(connection):
        found = figures(connection, question)
    seconds = time.monotonic() - started

    assert len(scan_queries.all_rows(source, UUID).scans) > 5
    assert found["bills"][0] == ROWS
    assert seconds > source.bytes / MEGABYTE - 2


def test_the_place_of_a_reading_is_the_name_of_its_session(busy, in_process):
    told = []
    progress = Listening(told)
    connection = in_process(busy)

    with snapshot(connection):
        source = replace(source_of(connection, question_of(connection, ScanOptions(max_rate=1))), parts=LARGER(busy))
        with scan_progress.reporting_progress(connection, source, progress=progress), connection.cursor() as cursor:
            for share in ("10.0", "60.5"):
                cursor.execute("SELECT set_config('application_name', %s, true)", [scan_queries.NAME + share])
                wait_until(lambda share=share: told and told[-1] == int(float(share) * source.megabytes / 100))

    assert told[0] > 0


def LARGER(busy):
    oid = busy.value("SELECT 'bills'::regclass::oid::bigint")
    one = {"name": "bills", "oid": oid, "schema": "public", "relation": "bills", "bytes": LARGE}
    return {"bills": [PhysicalTable(**one, is_partitioned=False, is_foreign=False)]}


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Listening(Progress):
    def __init__(self, told):
        self.told = told

    def steps(self, label, *, total):
        from contextlib import nullcontext

        return nullcontext(self.told.append)


def test_numbers_are_counted_as_text_so_their_indexes_are_in_another_order(busy, in_process):
    connection = in_process(busy)
    keys = question_of(connection, ScanOptions()).keys
    busy.execute("CREATE TABLE numbered (id bigint PRIMARY KEY)")

    found = scan_strategy.choose_scan(connection, [replace(keys[0], table="numbered", column="id")], ScanOptions())

    busy.execute("DROP TABLE numbered")
    assert not found.by_index
