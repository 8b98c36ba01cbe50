"""`diagnose` says of a run that was killed whether its work is done, by what the database shows of it."""

import signal
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.diagnosed import commands, diagnosed, found
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql

WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
NO_DEPLOY = "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1162367571)"
END_DEPLOY = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1162367571"
BED = """migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True)),
    ("note", models.TextField(null=True)), ("ward", models.TextField(default=""))])"""
MODELS = "class Bed(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    ward = models.TextField()\n"


@contextmanager
def killed(database, *command, when, **variables):
    """Kill the command once the query is true, and then do what the block does."""
    with database.start(*command, **variables) as running:
        database.wait_for(when)
        yield
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=120)


def forget(database):
    """What was applied so far is no part of the deploy."""
    database.execute("ALTER TABLE migrations_safety_run DISABLE TRIGGER ALL; DELETE FROM migrations_safety_run")


@pytest.fixture
def ward(tmp_path):
    """An app of which two migrations make a table and drop one of its columns."""
    app = SampleApp(tmp_path)
    app.models(MODELS)
    app.migration("0001_initial", BED)
    app.migration("0002_drop", 'migrations.RemoveField("Bed", "note")', after=("ward", "0001_initial"))
    return app.variables


def test_a_killed_rollback_is_not_made_good_by_a_migrate_of_another_app(migrated, ward):
    with (
        migrated.session("LOCK TABLE bills IN ROW EXCLUSIVE MODE"),
        killed(migrated, "rollback_patient_module", when=WAITS),
    ):
        pass
    migrated.wait_for(NO_DEPLOY)
    assert migrated.run("migrate", "ward", **ward).code == 0

    before = diagnosed(migrated, **ward)
    done = migrated.run("rollback_patient_module", **ward)

    assert found(before)["recovery.W025 rollback_patient_module"]["hint"].startswith(
        "python manage.py rollback_patient_module"
    )
    assert "rollback_patient_module" in commands(before.json["forward"])
    assert done.code == 0, done.said
    assert not any(one.startswith("recovery.W025") for one in found(diagnosed(migrated, **ward)))


def test_a_rollback_of_which_only_the_end_is_missing_has_nothing_left(migrated):
    record = "LOCK TABLE migrations_safety_run IN SHARE ROW EXCLUSIVE MODE"
    with ExitStack() as stack:
        writer = stack.enter_context(migrated.session("LOCK TABLE bills IN ROW EXCLUSIVE MODE"))
        with killed(migrated, "rollback_patient_module", when=WAITS):
            stack.enter_context(migrated.session(record))
            writer.rollback()
            migrated.wait_for("SELECT NOT EXISTS (SELECT FROM django_migrations WHERE app = 'patients')")
        migrated.execute(END_DEPLOY)  # it may be waiting to write the end, which it would do once the lock is free
        migrated.wait_for(NO_DEPLOY)

    result = diagnosed(migrated)

    assert "recovery.I025 rollback_patient_module" in found(result), result.out
    assert not any(one.startswith("recovery.W025") for one in found(result))
    assert "rollback_patient_module" not in commands(result.json["forward"])


def test_what_a_killed_restore_has_left_is_ended_by_what_it_says(empty, ward):
    assert empty.run("migrate", "ward", "0001", **ward).code == 0
    forget(empty)
    empty.execute("INSERT INTO ward_bed (note, ward) VALUES ('a note', '')")
    assert empty.run("migrate", "ward", "--keep-dropped", **ward).code == 0
    way_back = diagnosed(empty, **ward).json["back"]
    back = commands(way_back)
    for command in back[:2]:
        done = empty.run(*command.split(), **ward)
        assert done.code == 0, done.said
    empty.execute("UPDATE ward_bed SET note = 'a newer note'")
    with (
        empty.session("SELECT FROM ward_bed FOR UPDATE"),
        killed(empty, "restore_dropped", when="SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND "
                                      "locktype = 'transactionid')", **ward),
    ):  # fmt: skip
        pass
    empty.wait_for(NO_DEPLOY)
    assert empty.run("migrate", "ehr", **ward).code == 0

    stopped = diagnosed(empty, **ward)
    ending = commands(stopped.json["forward"])[0]
    done = empty.run(*ending.split(), **ward)

    assert back == ["rollback_migrations ward 0001_initial --dry-run", "rollback_migrations ward 0001_initial",
                    "restore_dropped 1", "diagnose"]  # fmt: skip
    assert found(stopped)["recovery.W025 restore_dropped"]["hint"] == "python manage.py restore_dropped 1"
    assert found(stopped)["recovery.W044 ward_bed"]["hint"] == "python manage.py restore_dropped 1"
    assert ending == "restore_dropped 1"
    assert done.code == 0, done.said
    assert empty.rows("SELECT note FROM ward_bed") == [("a newer note",)]
    left = {one.partition(" ")[0] for one in found(diagnosed(empty, **ward))}
    assert left.isdisjoint({"recovery.W025", "recovery.W044"})


def test_a_trigger_whose_kept_column_is_gone_is_dropped_by_its_statement(migrated):
    migrated.execute("CREATE SCHEMA migrations_safety_kept")
    migrated.execute("CREATE FUNCTION migrations_safety_kept.carry_over_7() RETURNS trigger LANGUAGE plpgsql "
                     "AS 'BEGIN RETURN NEW; END'")  # fmt: skip
    migrated.execute("CREATE TRIGGER zz_migrations_safety_kept_7 BEFORE INSERT ON bills FOR EACH ROW "
                     "EXECUTE FUNCTION migrations_safety_kept.carry_over_7()")  # fmt: skip

    result = diagnosed(migrated)
    migrated.execute(result.json["forward"][0]["sql"])

    assert found(result)["recovery.W044 bills"]["hint"] == result.json["forward"][0]["sql"]
    assert diagnosed(migrated).code == 0


def test_the_watch_of_a_stopped_rollback_is_dropped_by_its_statements(migrated):
    before = catalog_snapshot(migrated)
    migrated.execute("""CREATE SEQUENCE "migrations_safety_watch_1" """)
    migrated.execute("CREATE FUNCTION migrations_safety_watch_1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
    migrated.execute("CREATE TRIGGER migrations_safety_watch_1 AFTER INSERT ON bills FOR EACH ROW "
                     "EXECUTE FUNCTION migrations_safety_watch_1()")  # fmt: skip

    result = diagnosed(migrated)
    migrated.execute(result.json["forward"][0]["sql"])

    assert found(result)["recovery.W045 bills"]["hint"].endswith(result.json["forward"][0]["sql"])
    assert catalog_snapshot(migrated) == before
    assert diagnosed(migrated).code == 0


def test_fake_records_no_migration_that_is_not_there(hospital, tmp_path):
    app = SampleApp(tmp_path)
    app.models("class Bed(models.Model):\n    id = models.BigAutoField(primary_key=True)\n")
    bed = 'migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True))])'
    app.migration("0001_initial", bed, after=("patients", "0001_initial"), atomic=False)
    hospital.execute("CREATE TABLE ward_bed (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)")

    result = diagnosed(hospital, **app.variables)
    steps = commands(result.json["forward"])
    for command in steps[: steps.index("migrate ward 0001_initial --fake") + 1]:
        done = hospital.run(*command.split(), **app.variables)
        assert done.code == 0, done.said

    assert "which it would record, too" in found(result)["recovery.E021 ward.0001_initial"]["hint"]
    assert hospital.value("SELECT to_regclass('patients') IS NOT NULL"), steps
    assert hospital.value("SELECT count(*) FROM django_migrations WHERE app IN ('patients', 'ward')") >= 2
