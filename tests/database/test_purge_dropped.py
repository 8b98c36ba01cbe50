"""`purge_dropped`: what was kept ends behind a gate of age, a typed number and a backup that holds it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from migrations_safety.migrate.options import LockOptions
from migrations_safety.recovery.kept import purge
from migrations_safety.recovery.kept.options import KeptOptions
from tests.support.in_process import installed, migrate
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.slow

MODELS = """
    migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True)), ("note", models.TextField())]),
    migrations.CreateModel("Stay", [("id", models.BigAutoField(primary_key=True))]),
"""
DROPS = 'migrations.RemoveField("Bed", "note"), migrations.DeleteModel("Stay")'


@pytest.fixture
def kept(tmp_path, empty, in_process):
    """A database in which a column with 20 values and a table with 10 rows are kept since a year."""
    app = SampleApp(tmp_path)
    app.migration("0001_initial", MODELS)
    app.migration("0002_drop", DROPS, after=("ward", "0001_initial"))
    in_process(empty)
    with installed(app):
        migrate("ward", "0001")
        empty.execute("INSERT INTO ward_bed (note) SELECT 'note' FROM generate_series(1, 20)")
        empty.execute("INSERT INTO ward_stay SELECT FROM generate_series(1, 10)")
        migrate("ward", keep_dropped=True, skip_precheck=True)
        empty.execute("UPDATE migrations_safety_kept.record SET kept_at = kept_at - interval '1 year'")
        yield empty


@pytest.fixture
def backup(kept, tmp_path):
    """A real backup of it, that was restored."""
    done = kept.run("backup_database", "--output", str(tmp_path / "kept.dump"), "--restore-test", "--format", "json")
    assert done.code == 0, done.said
    return str(tmp_path / "kept.dump")


def run(**options):
    return purge.run(KeptOptions(using="default", locks=LockOptions(retry_for=20), **options))


def ids(report):
    return [one.id for one in report.findings]


def test_without_all_three_nothing_is_dropped(kept):
    report = run()

    assert (report.verdict, ids(report)) == ("refused", ["recovery.E061", "recovery.E062"])
    assert [one.rows for one in report.things] == [20, 10]
    assert kept.value("SELECT count(*) FROM migrations_safety_kept.migrations_safety_kept_2_ward_stay") == 10


def test_with_all_three_it_is_gone(kept, backup):
    report = run(rows=30, backup=backup)

    assert (report.verdict, ids(report)) == ("purged", [])
    assert kept.value("SELECT to_regclass('migrations_safety_kept.migrations_safety_kept_2_ward_stay') IS NULL")
    assert [name for (name,) in kept.rows("SELECT ended FROM migrations_safety_kept.record")] == ["purged", "purged"]
    assert run(rows=0).verdict == "nothing kept"


def test_a_backup_that_is_known_need_not_be_named(kept, backup):
    """A newer one that was not restored is passed over."""
    done = kept.run("backup_database", "--output", f"{backup}.newer", "--no-restore-test")

    report = run(rows=30)

    assert done.code == 0, done.said
    assert (report.verdict, ids(report)) == ("purged", [])


def test_what_is_younger_stays(kept, backup):
    report = run(rows=30, backup=backup, older_than=timedelta(days=500))

    assert ids(report) == ["recovery.E060", "recovery.E060"]


@pytest.mark.parametrize("rows", [None, 29, 31])
def test_another_number_is_refused(kept, backup, rows):
    assert ids(run(rows=rows, backup=backup)) == ["recovery.E061"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"proof": "read"}, "was not restored yet (it is read only)"),
        ({"taken_at": "2001-01-01T00:00:00+00:00"}, "was taken before all of this was kept"),
        ({"tables": []}, "does not hold the rows of ward_stay"),
    ],
)
def test_another_backup_is_refused(kept, backup, change, reason):
    file = Path(f"{backup}.manifest.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | change))

    report = run(rows=30, backup=backup)

    assert ids(report) == ["recovery.E062"]
    assert report.findings[0].message.startswith(reason)


def test_an_archive_that_has_changed_is_refused(kept, backup):
    with Path(backup).open("r+b") as archive:
        archive.truncate(1000)

    assert ids(run(rows=30, backup=backup)) == ["recovery.E062"]


def test_what_somebody_uses_is_refused(kept, backup):
    kept.execute("CREATE VIEW v AS SELECT * FROM migrations_safety_kept.migrations_safety_kept_2_ward_stay")

    assert ids(run(rows=30, backup=backup)) == ["recovery.E063"]


def test_the_command_says_what_to_type(kept, backup):
    listed = kept.run("purge_dropped", "--list", "--format", "json")
    refused = kept.run("purge_dropped", "--backup", backup)
    done = kept.run("purge_dropped", "--discard-rows", "30", "--backup", backup)
    missing = kept.run("purge_dropped", "--discard-rows", "30", "--backup", f"{backup}.none")

    assert [one["rows"] for one in listed.json["things"]] == [20, 10]
    typed = f"python manage.py purge_dropped --backup {backup} --discard-rows 30"
    assert (refused.code, typed in " ".join(refused.out.split())) == (1, True), refused.out
    assert (done.code, done.err.splitlines()[-1]) == (0, "purge_dropped: purged.")
    assert missing.code == 0  # nothing is kept any more
