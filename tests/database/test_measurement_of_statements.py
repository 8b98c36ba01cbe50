"""Large plans, comments, statements outside of transactions, triggers, and Python errors of the measured code."""

from contextlib import closing

import psycopg
import pytest

from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.observation import Observer
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.measurement.watched_locks import watched_locks
from tests.support.measured_app import ROWS, write

PARTITIONS = """
    CREATE TABLE visits (id int) PARTITION BY RANGE (id);
    CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10);
    CREATE MATERIALIZED VIEW beds AS SELECT * FROM ward_bed
"""
TRIGGERS = """
    CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE TRIGGER t1 BEFORE INSERT ON ward_bed FOR EACH ROW EXECUTE FUNCTION fails();
    CREATE TRIGGER t2 BEFORE INSERT ON ward_bed FOR EACH ROW EXECUTE FUNCTION fails();
    CREATE TRIGGER t3 BEFORE INSERT ON ward_bed FOR EACH ROW EXECUTE FUNCTION fails();
    CREATE TRIGGER t4 BEFORE INSERT ON ward_bed FOR EACH ROW EXECUTE FUNCTION fails();
    ALTER TABLE ward_bed ENABLE ALWAYS TRIGGER t2;
    ALTER TABLE ward_bed ENABLE REPLICA TRIGGER t3;
    ALTER TABLE ward_bed DISABLE TRIGGER t4;
    CREATE VIEW places AS SELECT * FROM ward_bed;
    CREATE TRIGGER t5 INSTEAD OF INSERT ON places FOR EACH ROW EXECUTE FUNCTION fails();
    CREATE TABLE visits (id int) PARTITION BY RANGE (id);
    CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10);
    CREATE TRIGGER t6 BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION fails();
    ALTER TABLE visits_1 ENABLE REPLICA TRIGGER t6
"""
ENABLED = "string_agg(tgenabled::text, '' ORDER BY tgname, tgrelid) FROM pg_trigger WHERE tgname ~ '^t[1-6]$'"
AS_BEFORE = f"DO $$ BEGIN ASSERT (SELECT {ENABLED}) = 'OARDOOR'; END $$"


@pytest.fixture
def scratch(make):
    return make("empty")


def test_a_plan_of_many_statements_is_measured(measured, scratch):
    app, _, connection = measured
    statements = [f"ALTER TABLE ward_bed ADD COLUMN column_with_a_long_name_{number} integer" for number in range(300)]
    write(app, [", ".join(f'migrations.RunSQL("{one}")' for one in statements)])

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert (plan.measured, plan.reason, plan.error) == ("url", None, None)
    assert [one.statements[0].sql for one in plan.transactions[0].operations] == statements


def test_a_comment_is_neither_repeated_nor_read(measured, scratch):
    app, _, connection = measured
    texts = [
        "/* Ann, born 1971 /* bed 12 */ */ UPDATE ward_ward SET beds = 1e3 WHERE price > .5",
        "/* SELECT */ ALTER TABLE ward_ward ADD COLUMN code varchar(20) -- of Ann",
        "ALTER TABLE ward_ward ADD COLUMN note text; UPDATE ward_ward SET beds = 417518263",
    ]
    write(app, [f'migrations.RunSQL("{text}")' for text in texts])

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert [one.operations[0].statements[0].sql for one in plan.transactions] == [
        "UPDATE ward_ward SET beds = $1 WHERE price > $2",
        "ALTER TABLE ward_ward ADD COLUMN code varchar(20)",
        "ALTER TABLE ward_ward ADD COLUMN note text; UPDATE ward_ward SET beds = $1",
    ]


@pytest.mark.parametrize(
    ("statement", "held"),
    [
        ("VACUUM ward_bed", {"ward_bed": "ShareUpdateExclusiveLock"}),
        ("VACUUM FULL ward_bed", {"ward_bed": "AccessExclusiveLock"}),
        ("ANALYZE ward_bed", {"ward_bed": "ShareUpdateExclusiveLock"}),
        ("CREATE INDEX CONCURRENTLY new ON ward_bed (number)", {"ward_bed": "ShareUpdateExclusiveLock"}),
        ("REINDEX TABLE CONCURRENTLY ward_bed", {"ward_bed": "ShareUpdateExclusiveLock"}),
        (
            "ALTER TABLE visits DETACH PARTITION visits_1 CONCURRENTLY",
            {"visits": "ShareUpdateExclusiveLock", "visits_1": "AccessExclusiveLock"},
        ),
    ],
)
def test_a_statement_outside_of_a_transaction_is_reported_with_its_lock(measured, scratch, statement, held):
    app, database, connection = measured
    database.execute(ROWS)
    database.execute(PARTITIONS)
    write(app, [f'migrations.RunSQL("{statement}")'], atomic=False)

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert (plan.error, plan.transactions[0].held) == (None, held)


def test_an_observation_that_fails_ends_no_later_than_its_statement_and_is_told(empty):
    empty.execute("CREATE TABLE things (id int)")
    parameters = {"conninfo": empty.url, "autocommit": True}
    with closing(psycopg.connect(**parameters)) as session, closing(psycopg.connect(**parameters)) as beside:
        session.execute("SET lock_timeout = '20s'")
        observer = Observer(session, beside, parameters)

        with pytest.raises(psycopg.Error), watched_locks(observer):  # closed within a question it is an InternalError
            beside.close()
            session.execute("VACUUM things")

    others = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    empty.wait_for(others)


def test_triggers_do_not_fire_for_sample_rows_and_are_afterwards_as_they_were(measured, scratch):
    app, database, connection = measured
    database.execute(TRIGGERS)
    write(app, [f'migrations.RunSQL("{AS_BEFORE}")'])

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert (plan.measured, plan.left_out, plan.error) == ("url", (), None)


def test_a_python_error_ends_the_plan_and_keeps_what_was_measured(measured, scratch):
    app, _, connection = measured
    write(app, ['migrations.AddField("bed", "note", models.TextField(null=True))', "migrations.RunPython(code)"],
          before="def code(apps, schema_editor):\n    raise ValueError('Ann\\n41751: Ann')")  # fmt: skip

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url, measure_python=True))

    assert (plan.measured, plan.reason, plan.error) == ("url", None, "ValueError")
    assert [one.held for one in plan.transactions] == [{"ward_bed": "AccessExclusiveLock"}, {}]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("raise ValueError('Ann\\n41751 of Ann')", "it could not be run there (ValueError)"),
        ("import os\nos._exit(3)", "it could not be run there (the process ended with 3)"),
    ],
)
def test_a_plan_that_cannot_begin_is_not_measured_and_no_message_is_repeated(
    measured, scratch, monkeypatch, settings, reason
):
    app, _, connection = measured
    app.write("other_settings.py", settings)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "other_settings")

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert (plan.measured, plan.reason) == ("no", reason)


PROCEDURE = "CREATE PROCEDURE adds() LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE ward_bed ADD x int; COMMIT; END $$"


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "BEGIN; ALTER TABLE ward_bed ADD x int; COMMIT",
        "/* ; */ begin; -- ;\nALTER TABLE ward_bed ADD x text DEFAULT ';'; COMMIT; ALTER TABLE ward_ward ADD x int;",
        "START TRANSACTION; ALTER TABLE ward_bed ADD x int; END; BEGIN; DROP TABLE IF EXISTS nothing; ROLLBACK;",
    ],
)
def test_locks_of_a_text_with_transactions_of_its_own_are_measured(measured, scratch, text, atomic):
    app, _, connection = measured
    write(app, [f"migrations.RunSQL({text!r})"], atomic=atomic)

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert (plan.measured, plan.error) == ("url", None)
    assert plan.transactions[0].held["ward_bed"] == "AccessExclusiveLock"
    assert ("ward_ward" in text) == (plan.transactions[0].held.get("ward_ward") == "AccessExclusiveLock")


@pytest.mark.parametrize(
    "text", ["CALL adds()", PROCEDURE.replace("CREATE PROCEDURE adds() LANGUAGE plpgsql AS", "DO")]
)
def test_a_procedure_that_commits_is_measured(measured, scratch, text):
    app, database, connection = measured
    database.execute(PROCEDURE)
    write(app, [f"migrations.RunSQL({text!r})"], atomic=False)

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert (plan.measured, plan.error) == ("url", None)
    assert plan.transactions[0].held == {"ward_bed": "AccessExclusiveLock"}
