"""`diagnose` of migrations that are applied in part: each step, and the commands that end them, forward and back."""

import signal
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from migrations_safety.recovery.diagnosis import diagnosis
from tests.support.commands import ROOT, environment
from tests.support.page_project import PageProject
from tests.support.pages import File

pytestmark = pytest.mark.any_postgresql

ID = "('id', models.BigAutoField(primary_key=True))"
BED = f"migrations.CreateModel('Bed', [{ID}])"
FAIL = "migrations.RunSQL('SELECT 1 / (SELECT count(*) FROM ward_bed)', 'SELECT 1')"
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = 'ward_bed'::regclass AND attnum > 0 AND NOT attisdropped"
COLUMN = "migrations.AddField('bed', '{}', models.IntegerField(null=True))"


def diagnosed():
    return diagnosis.run(using="default")


def steps(report):
    (half,) = report.halves
    return [one.state for one in half.steps]


def ids(report):
    return {one.id for one in report.findings}


@pytest.fixture
def stopped(ward):
    """A migration that is not atomic: two columns are added, the third operation has failed, a fourth is left."""
    ward.starts_with(BED)
    ward.migration(f"{COLUMN.format('a')}, {COLUMN.format('b')}, {FAIL}, {COLUMN.format('c')}", atomic=False)
    assert ward.apply() is not None
    return ward


def test_each_step_of_a_stopped_migration_is_told(stopped):
    report = diagnosed()

    assert steps(report) == ["done", "done", "not seen", "not done"]
    assert "recovery.E020" in ids(report)
    assert "recovery.W023" not in {one.id for one in report.findings if one.migration == "ward.0002_step"}


def test_a_migration_that_was_not_begun_is_pending_only(ward):
    ward.starts_with(BED)
    ward.migration(f"{COLUMN.format('a')}, {COLUMN.format('b')}", atomic=False)

    report = diagnosed()

    assert report.halves == ()
    assert "recovery.W023" in ids(report)


def test_forward_finishes_it(stopped):
    stopped.database.execute("INSERT INTO ward_bed DEFAULT VALUES")
    report = diagnosed()
    follow(stopped, report.forward)

    columns = stopped.database.rows(COLUMNS)
    assert {name for (name,) in columns} == {"id", "a", "b", "c"}
    assert diagnosed().halves == ()


def test_back_undoes_it(stopped):
    report = diagnosed()
    follow(stopped, [one for one in report.back if one.sql])

    assert stopped.database.rows(COLUMNS) == [("id",)]
    assert diagnosed().halves == ()


def test_sql_that_would_lose_rows_or_values_is_never_printed(stopped, ward):
    stopped.database.execute("INSERT INTO ward_bed (a) VALUES (1), (2)")
    assert [one.sql for one in diagnosed().back if one.sql] == []

    ward.database.execute("DELETE FROM django_migrations WHERE app = 'ward'")
    report = diagnosed()

    assert [one.sql for one in report.back if one.sql] == []
    assert any("would lose what is in ward_bed" in one.why for one in report.back)


def test_one_that_is_whole_and_not_recorded_is_told(ward):
    ward.starts_with(BED)
    ward.migration(f"{COLUMN.format('a')}, {COLUMN.format('b')}")
    assert ward.apply() is None
    ward.database.execute("DELETE FROM django_migrations WHERE app = 'ward' AND name = '0002_step'")
    report = diagnosed()
    follow(ward, [one for one in report.forward if "--fake" in one.command])

    assert "recovery.E021" in ids(report)
    assert "recovery.E021" not in ids(diagnosed())


def test_a_recorded_migration_whose_column_is_gone_is_told(ward):
    ward.starts_with(BED)
    ward.migration(f"{COLUMN.format('a')}, {COLUMN.format('b')}", atomic=False)
    assert ward.apply() is None
    ward.database.execute("ALTER TABLE ward_bed DROP COLUMN b")

    report = diagnosed()

    assert {"recovery.E022", "recovery.E023"} <= ids(report)
    assert steps(report) == ["done", "not done"]


def test_a_rename_that_is_done_is_seen(ward):
    ward.starts_with(f"{BED}, {COLUMN.format('a')}")
    ward.migration(f"migrations.RenameField('bed', 'a', 'b'), {FAIL}", atomic=False)
    assert ward.apply() is not None

    assert steps(diagnosed()) == ["done", "not seen"]


def test_code_of_the_project_is_never_run(ward, tmp_path):
    ward.starts_with(BED)
    ran = tmp_path / "code ran"
    boom = f"def boom(apps, editor):\n    open({str(ran)!r}, 'w').close()\n"
    code = "migrations.RunPython(boom, boom)"
    ward.migration(f"{COLUMN.format('a')}, {FAIL}, {code}, {COLUMN.format('b')}", before=boom, atomic=False)
    assert ward.apply() is not None

    report = diagnosed()

    assert not ran.exists()
    assert any(one.sql.startswith("ALTER TABLE") for one in report.forward)  # undone, so that it can run as a whole


def test_more_pending_migrations_ask_the_database_no_more_often(ward):
    ward.starts_with(BED)
    asked = []
    for number in range(8):
        ward.migration(COLUMN.format(f"c{number}"))
        if number in (0, 7):
            with CaptureQueriesContext(ward.connection) as queries:
                diagnosed()
            asked.append(len(queries))

    assert asked[0] == asked[1]


def follow(ward, steps):
    for one in steps:
        if one.sql:
            ward.database.execute(one.sql)
        elif one.command[0] == "migrate" and "--fake" in one.command:
            call_command(*one.command, skip_precheck=True, verbosity=0)


MODELS = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    {}
    dependencies = [{}]
    operations = [{}]
"""


def test_a_migration_that_was_killed_is_told_step_by_step(empty, tmp_path):
    project = PageProject(folder=tmp_path, database=empty, app="shop")
    first = MODELS.format("initial = True", "", f"migrations.CreateModel('Order', [{ID}])")
    wait = "migrations.RunSQL('SELECT pg_advisory_xact_lock(42)', 'SELECT 1')"
    column = "migrations.AddField('order', '{}', models.IntegerField(null=True))"
    second = MODELS.format(
        "atomic = False", "('shop', '0001_first')", f"{column.format('a')}, {wait}, {column.format('b')}"
    )
    for name, text in (("0001_first", first), ("0002_second", second)):
        File(path=f"shop/migrations/{name}.py", text=text, added=False, variant=None).write(tmp_path)
    assert project.type("python manage.py migrate shop 0001 --skip-precheck").code == 0
    variables = environment(
        DATABASE_URL=empty.url, DJANGO_SETTINGS_MODULE="project_settings", PYTHONPATH=str(ROOT), APPS="shop"
    )
    with empty.session("SELECT pg_advisory_xact_lock(42)"):
        words = [sys.executable, "manage.py", "migrate", "--skip-precheck"]
        running = subprocess.Popen(
            words, cwd=tmp_path, env=variables, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        empty.wait_for("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')")
        running.send_signal(signal.SIGKILL)
        running.wait()
    empty.wait_for("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1162367571)")

    result = project.type("python manage.py diagnose")

    assert result.code == 1
    assert "recovery.W025" in result.out
    assert "shop.0002_second is applied in part and not recorded (done: 1; not done: 3; not seen: 2)" in " ".join(
        result.out.split()
    )


def test_an_open_transaction_of_the_caller_keeps_its_settings(ward):
    ward.starts_with(BED)
    with transaction.atomic(), ward.connection.cursor() as cursor:
        report = diagnosed()
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")

        assert cursor.fetchone() == ("0", "0")
    assert report.areas


def test_a_migration_that_contradicts_itself_hides_no_other_part(ward):
    ward.starts_with(BED)
    ward.migration("migrations.RemoveField('bed', 'nowhere')")

    report = diagnosed()

    assert "recovery.W041" in ids(report)
    assert "all valid" in {one.state for one in report.areas}
