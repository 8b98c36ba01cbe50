"""What `precheck --embedded` judges: the migrations since a revision, on the tables of those before."""

import json
import subprocess
from datetime import UTC, datetime

import pytest

from migrations_safety.postgresql.table_figures import SavedFigures
from migrations_safety.precheck import statistics
from tests.commands.precheck_embedded import LOOK
from tests.support.commands import ROOT, command, environment
from tests.support.git_project import INDEX, ORDER, GitProject, large_table

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]


def ids(result):
    return [one["id"] for one in result.json["findings"]]


def test_the_plan_since_a_revision_is_judged_on_the_tables_of_the_migrations_before(project, look):
    project.migration("0001_initial", ORDER)
    project.commit()
    project.migration("0002_index", INDEX, after=("0001_initial",))

    looked = look()

    assert looked.code == 0, looked.said
    assert looked.json["migrations"] == [{"app": "shop", "name": "0002_index", "atomic": True}]
    assert looked.json["plan"]["measured"] == "server"
    assert [one for one in ids(looked) if not one.startswith("application.")] == ["locks.W005", "target.I002"]
    assert looked.json["embedded"] == {"revision": "main", "earlier": 1, "passed_over": []}
    assert looked.json["data_counted"] is False


def test_with_fail_level_warning_a_lock_of_unknown_length_blocks(project, look):
    project.migration("0001_initial", ORDER)
    project.commit()
    project.migration("0002_index", INDEX, after=("0001_initial",))
    safe = 'AddIndexConcurrently("order", models.Index(fields=["number"], name="order_number")),'

    blocked = look("--fail-level", "warning")
    project.migration("0002_index", safe, after=("0001_initial",), atomic=False)
    passed = look("--fail-level", "warning")

    assert (blocked.code, passed.code) == (1, 0), blocked.said + passed.said


def test_sizes_of_the_real_tables_may_be_given(project, look, tmp_path):
    project.migration("0001_initial", ORDER)
    project.commit()
    project.migration("0002_index", INDEX, after=("0001_initial",))
    figures = tmp_path / "figures.json"
    figures.write_text(statistics.as_text(large("shop_order")))

    looked = look("--statistics", str(figures))

    assert looked.code == 1, looked.said
    assert "locks.E002" in ids(looked)
    assert looked.json["statistics"]["database"] == "production"


def large(table):
    return SavedFigures(
        file="", taken_at=datetime.now(UTC), age=0, database="production", host="db", in_recovery=False,
        figures={table: large_table(table)},
    )  # fmt: skip


def test_a_migration_that_was_changed_is_new_with_all_that_depend_on_it(project, look):
    project.migration("0001_initial", ORDER)
    second = project.migration("0002_index", INDEX, after=("0001_initial",))
    project.migration("0003_more", 'migrations.AddField("order", "more", models.TextField(null=True)),',
                      after=("0002_index",))  # fmt: skip
    project.commit()
    second.write_text(second.read_text() + "# changed\n")

    looked = look()

    assert looked.json["embedded"]["earlier"] == 1
    assert [one["name"] for one in looked.json["migrations"]] == ["0002_index"]
    assert looked.json["since"]["older"] == ["shop.0003_more"]


def test_a_new_squash_of_earlier_migrations_does_nothing(project, look):
    project.migration("0001_initial", ORDER)
    project.migration("0002_index", INDEX, after=("0001_initial",))
    project.commit()
    project.migration("0001_squashed", ORDER + INDEX, replaces=("0001_initial", "0002_index"))

    looked = look()

    assert looked.code == 0, looked.said
    assert looked.json["embedded"]["earlier"] == 2
    assert looked.json["migrations"] == []


CODE = """
    def fill(apps, editor):
        apps.get_model("shop", "Order").objects.create(number=1)


    def call(apps, editor):
        import socket

        socket.create_connection(("127.0.0.1", 9))


    def count(apps, editor):
        assert apps.get_model("shop", "Order").objects.count() == 1
"""


def test_earlier_code_runs_and_what_fails_is_passed_over_and_named(project, look):
    wanting = """
        migrations.RunPython(fill), migrations.RunPython(call), migrations.RunPython(count),
        CreateExtension("no_such_extension"),
        migrations.RunSQL("GRANT SELECT ON shop_order TO reporting, \\"Two Words\\""),
        migrations.RunSQL("ALTER TABLE shop_order OWNER TO app"),
    """
    project.migration("0001_initial", ORDER + wanting, code=CODE)
    project.commit()
    project.migration("0002_index", INDEX, after=("0001_initial",))

    looked = look()

    passed_over = looked.json["embedded"]["passed_over"]
    assert [(one["migration"], one["what"]) for one in passed_over] == [
        ("shop.0001_initial", "RunPython"),
        ("shop.0001_initial", "CreateExtension"),
    ]
    assert "no_such_extension" in passed_over[1]["reason"]
    assert ids(looked).count("target.I003") == 2


def test_no_alias_leads_to_a_database_meanwhile(tmp_path, folder, project, empty):
    empty.execute("CREATE TABLE asked (id int)")
    project = GitProject(
        folder=tmp_path / "other",
        databases=f'{{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "production"}}, '
        f'"real": {{"ENGINE": "django.db.backends.postgresql", **{server_of(empty)!r}}}}}',
    )
    code = """
        def write(apps, editor):
            from django.db import connections

            connections["real"].cursor().execute("INSERT INTO asked VALUES (1)")
    """
    project.migration("0001_initial", ORDER + "migrations.RunPython(write),", code=code)
    project.commit()

    looked = project.run(*LOOK, TMPDIR=str(folder), DATABASE_URL=empty.url)

    assert looked.code == 0, looked.said
    assert [one["what"] for one in looked.json["embedded"]["passed_over"]] == ["RunPython"]
    assert empty.rows("SELECT count(*) FROM asked") == [(0,)]


def server_of(database):
    from ehr.databases import from_url

    wanted = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    return {name: value for name, value in from_url(database.url, variable="DATABASE_URL").items() if name in wanted}


def test_an_earlier_migration_that_fails_ends_with_2_and_says_where(project, look):
    project.migration("0001_initial", ORDER + 'migrations.AddField("order", "x", models.TextField(db_column="id")),')
    project.commit()

    looked = look()

    assert (looked.code, looked.out) == (2, "")
    assert "The migrations before main cannot be applied to an empty PostgreSQL" in looked.err
    assert "shop.0001_initial" in looked.err
    assert "Traceback" not in looked.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--embedded"], "--embedded: name with --since REF the revision"),
        (["--postgresql-version", "18"], "--postgresql-version: only with --embedded."),
        (["--embedded", "--since", "main", "--no-data"], "only for a database that exists"),
        (["--embedded", "--since", "main", "--expect-database", "x"], "--expect-database: only for a database"),
        (["--embedded", "--since", "none"], "--since none cannot be used: git does not know this revision"),
        (["--embedded", "--since", "main", "--postgresql-version", "99"], "There is no PostgreSQL 99 here"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_meant_is_refused(project, words, said):
    project.migration("0001_initial", ORDER)
    project.commit()

    refused = project.run("precheck", *words)

    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_settings_need_not_name_a_database(tmp_path, project, folder):
    bare = GitProject(folder=tmp_path / "bare", databases="{}")
    bare.migration("0001_initial", ORDER)
    bare.commit()

    looked = bare.run(*LOOK, TMPDIR=str(folder))

    assert looked.code == 0, looked.said


def test_without_a_new_migration_it_says_so_and_not_that_all_are_applied(project, folder):
    project.migration("0001_initial", ORDER)
    project.commit()

    looked = project.run("precheck", "--embedded", "--since", "main", TMPDIR=str(folder))

    assert looked.code == 0, looked.said
    assert "No pending migration came since main." in looked.out
    assert "all migrations are applied" not in looked.out


def test_our_own_project_needs_no_database_for_it(folder, project):
    words = ["precheck", "--embedded", "--since", "HEAD", "--no-progress", "--format", "json"]
    done = subprocess.run(
        command(*words), cwd=ROOT, env=environment(TMPDIR=str(folder)), capture_output=True, text=True, timeout=240
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["embedded"]["passed_over"] == []
