"""Referencing tables that are partitioned, and tables in another schema than public."""

import threading
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.blocking_session import in_the_way
from tests.support.commands import ROOT
from tests.support.factories import new_id

PARTITIONED = """
    DROP TABLE bills;
    CREATE TABLE bills (id uuid DEFAULT gen_random_uuid(), "patientId" uuid, year int) PARTITION BY RANGE (year);
    CREATE TABLE bills_old PARTITION OF bills FOR VALUES FROM (2000) TO (2020);
    CREATE TABLE bills_new PARTITION OF bills FOR VALUES FROM (2020) TO (2040) PARTITION BY LIST (year);
    CREATE TABLE bills_2026 PARTITION OF bills_new FOR VALUES IN (2026);
    CREATE TABLE bills_rest PARTITION OF bills_new DEFAULT;
"""
PARTITIONED_BY_ID = """
    DROP TABLE bills;
    CREATE TABLE bills (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, "patientId" uuid) PARTITION BY HASH (id);
    CREATE TABLE bills_even PARTITION OF bills FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE bills_odd PARTITION OF bills FOR VALUES WITH (MODULUS 2, REMAINDER 1);
"""
KEYS = """
    SELECT conrelid::regclass::text, convalidated FROM pg_constraint
    WHERE contype = 'f' AND conname = 'bills_patientId_fkey' ORDER BY 1
"""


@pytest.fixture
def partitioned(hospital):
    hospital.execute(PARTITIONED)
    for year in (2001, 2026, 2030):
        hospital.execute('INSERT INTO bills ("patientId", year) VALUES (%s, %s)', new_id(), year)
    return hospital


def test_a_partitioned_table_gets_its_key_on_every_partition_and_itself(partitioned):
    before = partitioned.run("precheck", "--format", "json").json
    backfill, migrate, verify = (
        partitioned.run(one) for one in ("backfill_placeholders", "migrate", "verify_patient_schema")
    )

    assert [backfill.code, migrate.code, verify.code] == [0, 0, 0], migrate.said
    bills = next(one for one in before["references"] if one["table"] == "bills")
    assert (bills["total_rows"], bills["orphan_rows"]) == (3, 3)
    told = [one["subject"] for one in before["findings"] if one["id"] == "partition.I001"]
    assert told == ([] if partitioned.connection.info.server_version >= 180000 else ["bills"])
    everywhere = ["bills", "bills_2026", "bills_new", "bills_old", "bills_rest"]
    assert partitioned.rows(KEYS) == [(table, True) for table in everywhere]


def test_orphans_in_a_partition_stop_it_before_it_is_proved(partitioned):
    partitioned.run("backfill_placeholders")
    partitioned.run("migrate", "ehr", "0002")
    partitioned.execute("SET session_replication_role = replica")
    partitioned.execute('INSERT INTO bills ("patientId", year) VALUES (gen_random_uuid(), 2026)')
    partitioned.execute("RESET session_replication_role")

    stopped = partitioned.run("migrate", "--skip-precheck")
    covered = partitioned.run("backfill_placeholders")
    finished = partitioned.run("migrate")

    assert stopped.code == 2
    assert 'bills."patientId" holds 1 value in 1 row with no row in patients' in stopped.err
    assert (covered.code, finished.code) == (0, 0), finished.said
    assert {validated for _, validated in partitioned.rows(KEYS)} == {True}


def test_the_way_back_takes_the_keys_of_all_partitions(partitioned):
    partitioned.run("backfill_placeholders")
    partitioned.run("migrate", "ehr", "0002")

    back = partitioned.run("migrate", "ehr", "0001")

    assert back.code == 0, back.said
    assert partitioned.rows(KEYS) == []


def test_tables_in_another_schema_than_public_are_worked_on(empty):
    legacy = (ROOT / "ehr" / "schema" / "legacy_uuid.sql").read_text().replace('"public"', '"clinic"')
    empty.execute(f"CREATE SCHEMA clinic; SET search_path = clinic; {legacy}")
    empty.execute("CREATE TABLE public.bills (id int, \"patientId\" text); INSERT INTO public.bills VALUES (1, 'x')")
    url = f"{empty.url}?options=-csearch_path%3Dclinic"

    precheck = empty.run("precheck", "--format", "json", url=url)
    others = [empty.run(one, url=url).code for one in ("backfill_placeholders", "migrate", "verify_patient_schema")]

    assert precheck.code == 0, precheck.said
    assert {one["total_rows"] for one in precheck.json["references"]} == {0}
    alike = [one["subject"] for one in precheck.json["findings"] if one["id"] == "references.W004"]
    assert alike == []  # what public has belongs to somebody else
    assert others == [0, 0, 0]
    assert empty.value("SELECT to_regclass('clinic.patients') IS NOT NULL AND to_regclass('public.patients') IS NULL")


WRITES = ("UPDATE bills_old SET year = year WHERE ctid = (SELECT ctid FROM bills_old LIMIT 1)",)
PROVING = """
    SELECT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.granted AND l.relation IN (SELECT oid FROM pg_class WHERE relname ~ '^bills' AND relkind IN ('r', 'p'))
      AND a.state = 'active' AND a.query ~ '^ALTER TABLE.* VALIDATE CONSTRAINT' AND a.datname = current_database()"""


def test_nobody_waits_long_while_the_partitions_get_their_keys(partitioned):
    partitioned.run("backfill_placeholders")

    with in_the_way(partitioned, "LOCK TABLE bills_rest IN ROW EXCLUSIVE MODE", others=WRITES) as others:
        added = partitioned.run("migrate", "ehr", "0002")

    assert added.code == 0, added.said
    assert (others.failed, others.got_on) == ([], True)


def test_the_sql_of_a_validation_is_printed_without_reading_rows(partitioned):
    partitioned.run("backfill_placeholders")
    partitioned.run("migrate", "ehr", "0002")
    partitioned.execute("SET session_replication_role = replica")
    partitioned.execute('INSERT INTO bills ("patientId", year) VALUES (gen_random_uuid(), 2026)')
    partitioned.execute("RESET session_replication_role")

    printed = partitioned.run("sqlmigrate", "ehr", "0003")

    assert (printed.code, printed.err) == (0, "")
    assert 'VALIDATE CONSTRAINT "bills_patientId_fkey"' in printed.out


def test_what_the_keys_of_partitions_forbid_is_not_restored(hospital):
    hospital.execute(PARTITIONED_BY_ID)
    hospital.execute('INSERT INTO bills ("patientId") VALUES (%s), (%s)', new_id(), new_id())
    assert hospital.run("backfill_placeholders", "--nullify", "bills").code == 0
    assert hospital.run("migrate", "ehr", "0002").code == 0

    restored = hospital.run("backfill_placeholders", "--restore-nullified", "--format", "json")

    assert restored.code == 1, restored.said
    assert (restored.json["restored"], restored.json["not_restored"]) == ({"bills": 0}, {"bills": 2})


def test_who_writes_to_partitions_gets_on_while_their_rows_are_proved(partitioned):
    partitioned.run("backfill_placeholders")
    assert partitioned.run("migrate", "ehr", "0002").code == 0
    modes: set[tuple[str]] = set()

    with watched(partitioned, modes), in_the_way(
        partitioned, "LOCK TABLE patients IN EXCLUSIVE MODE", others=WRITES, also=lambda: bool(modes)
    ) as others:  # fmt: skip
        proved = partitioned.run("migrate")

    assert proved.code == 0, proved.said
    assert (others.failed, others.got_on) == ([], True)
    assert modes - {("AccessShareLock",)} == {("ShareUpdateExclusiveLock",)}


@contextmanager
def watched(database, modes):
    """Collects which locks the deploy has on the partitions while it proves the rows of one."""
    stop = threading.Event()

    def watch():
        with psycopg.connect(database.url, autocommit=True) as session:
            while not stop.wait(0.005):
                modes.update(session.execute(PROVING).fetchall())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


@pytest.fixture
def with_key_of_its_own(partitioned):
    """One partition has a key that deletes, under the name of the one that is declared."""
    partitioned.run("backfill_placeholders")
    partitioned.execute(
        'ALTER TABLE bills_2026 ADD CONSTRAINT "bills_patientId_fkey" FOREIGN KEY ("patientId") '
        "REFERENCES patients (id) ON DELETE CASCADE ON UPDATE CASCADE"
    )
    return partitioned


def test_a_key_that_only_a_partition_has_is_not_taken_for_the_declared_one(with_key_of_its_own):
    looked = with_key_of_its_own.run("precheck", "--format", "json")
    migrated = with_key_of_its_own.run("migrate")

    assert (looked.code, migrated.code) == (1, 1)
    assert [one["subject"] for one in looked.json["findings"] if one["id"] == "tables.E003"] == ["bills_2026"]


def test_such_a_key_that_came_later_is_drift(partitioned):
    partitioned.run("backfill_placeholders")
    assert partitioned.run("migrate").code == 0
    partitioned.execute(
        'ALTER TABLE bills_2026 ADD CONSTRAINT later FOREIGN KEY ("patientId") REFERENCES patients ON DELETE CASCADE'
    )

    verified = partitioned.run("verify_patient_schema", "--format", "json")

    assert verified.code == 1
    assert [(one["id"], one["subject"]) for one in verified.json["findings"] if one["id"][7] == "E"] == [
        ("schema.E018", "bills_2026.later")
    ]


def test_disabled_triggers_of_one_partition_are_drift(partitioned):
    partitioned.run("backfill_placeholders")
    assert partitioned.run("migrate").code == 0
    partitioned.execute("ALTER TABLE bills_2026 DISABLE TRIGGER ALL")

    verified = partitioned.run("verify_patient_schema", "--format", "json")

    assert verified.code == 1
    assert "schema.E017" in [one["id"] for one in verified.json["findings"]]


def test_a_partition_that_came_between_the_two_migrations_gets_its_key_too(partitioned):
    partitioned.run("backfill_placeholders")
    assert partitioned.run("migrate", "ehr", "0002").code == 0
    partitioned.execute("CREATE TABLE bills_2027 PARTITION OF bills_new FOR VALUES IN (2027)")

    finished = partitioned.run("migrate")

    assert finished.code == 0, finished.said
    assert ("bills_2027", True) in partitioned.rows(KEYS)
    assert partitioned.run("verify_patient_schema").code == 0


def test_references_of_a_table_whose_rows_have_no_unique_name_are_not_set_to_null(partitioned):
    before = partitioned.rows('SELECT id, "patientId" FROM bills ORDER BY 1')

    refused = partitioned.run("backfill_placeholders", "--nullify", "bills")

    assert refused.code == 2
    assert "bills has no unique column that identifies its rows" in refused.err
    assert partitioned.rows('SELECT id, "patientId" FROM bills ORDER BY 1') == before
    assert partitioned.value("SELECT to_regclass('patients') IS NULL")
