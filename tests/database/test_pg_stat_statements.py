"""What precheck learns of a running release from pg_stat_statements, on servers that have it."""

import json

import pytest

from migrations_safety.postgresql.application_statements import read_statements
from migrations_safety.postgresql.embedded_server import NoServerBinaries, Server
from tests.support.cluster import SETTINGS, Database, new_folder
from tests.support.measured_app import BEFORE, ROWS
from tests.support.sample_app import SampleApp

SENT = (
    ("SELECT id, number, gone FROM ward_bed WHERE gone = %s", ("Ann",)),
    ("SELECT id, number, gone FROM ward_bed WHERE gone = %s", ("Eve",)),
    ("UPDATE ward_bed SET number = number + 1 WHERE id = %s", (417518263,)),
    ("INSERT INTO ward_clinic (code) VALUES (%s)", ("Bob",)),
    ("SELECT extract(year FROM now()), now() - interval '1 day', 1 + 1 FROM ward_bed WHERE slug IN ('a', 'b')", ()),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT gone FROM ward_bed WHERE gone = 'Carl'", None),
)
"""What the running release sends; the values are patients."""
GONE = {"SELECT id, number, gone FROM ward_bed WHERE gone = $1": 2, "SELECT gone FROM ward_bed WHERE gone = $1": 1}


@pytest.fixture
def released(create, tmp_path):
    """A database with a running release that has sent its statements, and the app of the release."""
    database, app = create(), SampleApp(tmp_path)
    app.migration("0001_initial", BEFORE)
    assert database.run("migrate", "ward", "--no-measure", **app.variables).code == 0
    database.execute("CREATE EXTENSION pg_stat_statements")
    database.execute(ROWS)
    database.execute("SELECT pg_stat_statements_reset()")
    for text, values in SENT:
        database.connection.execute(text, values)
    return database, app


def precheck(database, app, scratch, *options):
    return database.run(
        "precheck", "ward", "--format", "json", "--measure", "--scratch-url", scratch.url, *options, **app.variables
    )


def test_every_statement_that_breaks_is_found_with_its_calls_and_no_value_is_shown(released, create):
    database, app = released
    app.migration("0002_next", 'migrations.RemoveField("bed", "gone")', after=("ward", "0001_initial"))

    result = precheck(database, app, create())

    assert {one["statement"]: one["calls"] for one in result.json["application"]} == GONE
    assert {(one["breaks_with"], one["because_of"]) for one in result.json["application"]} == {
        ("42703", "ward.0002_next")
    }
    (found,) = [one for one in result.json["findings"] if one["id"] == "application.W007"]
    assert found["message"] == (
        "makes 2 statements of the application (3 calls) fail with 42703 (a column does not exist): "
        "SELECT id, number, gone FROM ward_bed WHERE gone = $1."
    )
    assert [one["rollout"] for one in result.json["plan"]["transactions"]] == ["after"]
    for value in ("Ann", "Eve", "417518263", "Bob", "Carl"):
        assert value not in result.out


def test_a_plan_that_breaks_nothing_says_how_many_statements_were_examined(released, create):
    database, app = released
    operation = 'migrations.AddField("bed", "note", models.TextField(null=True))'
    app.migration("0002_next", operation, after=("ward", "0001_initial"))

    result = precheck(database, app, create())

    (found,) = [one for one in result.json["notes"] if one["id"].startswith("application.")]
    assert (result.json["application"], found["id"]) == ([], "application.I003")
    assert found["message"].startswith("was examined: ")
    assert "that the scratch database could not parse" not in found["message"]


def test_the_statements_of_an_earlier_precheck_are_not_taken_for_those_of_the_application(released, create):
    database, app = released
    app.migration("0002_next", 'migrations.RemoveField("bed", "gone")', after=("ward", "0001_initial"))
    database.execute("SELECT pg_stat_statements_reset()")

    for _ in range(2):
        result = precheck(database, app, create())

    assert database.value("SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%gone%migrations_safety%'")
    assert result.json["application"] == []


def test_statements_of_another_database_are_left_out(released, create, in_process):
    database, _ = released
    other = create()
    other.execute("CREATE EXTENSION pg_stat_statements")

    found = read_statements(in_process(other))

    assert not [one for one in found.statements if "ward_bed" in one.text]
    assert [one for one in read_statements(in_process(database)).statements if "ward_bed" in one.text]


def test_an_extension_in_another_schema_is_found(released, in_process):
    database, _ = released
    database.execute("CREATE SCHEMA monitoring; ALTER EXTENSION pg_stat_statements SET SCHEMA monitoring")

    assert len(read_statements(in_process(database)).statements) >= len(GONE)


def test_statements_that_the_role_may_not_read_are_counted(released, in_process):
    database, _ = released
    database.execute("CREATE ROLE looker LOGIN")

    found = read_statements(in_process(database, url=database.server.url(database.name, user="looker")))

    ((why, number),) = found.left_out
    assert (why, number > 0) == ("of other roles, which this role may not read (GRANT pg_read_all_stats)", True)
    assert not [one for one in found.statements if "ward_bed" in one.text]
    database.execute("DROP ROLE looker")


def test_a_database_without_the_extension_is_told_in_the_report(make, tmp_path):
    database, app = make("empty"), SampleApp(tmp_path)
    app.migration("0001_initial", BEFORE)
    assert database.run("migrate", "ward", "--no-measure", **app.variables).code == 0
    operation = 'migrations.AddField("bed", "note", models.TextField(null=True))'
    app.migration("0002_next", operation, after=("ward", "0001_initial"))

    result = precheck(database, app, make("empty"))

    (found,) = [one for one in result.json["notes"] if one["id"].startswith("application.")]
    assert found["id"] == "application.I002"
    assert found["message"] == (
        "was not examined: the database does not have the extension pg_stat_statements. What breaks in it is judged by "
        "the models alone."
    )


def test_a_server_that_has_not_loaded_the_library_is_told(in_process):
    try:
        server = Server.create(version=15, folder=new_folder(), settings=SETTINGS)
    except NoServerBinaries:
        pytest.skip("PostgreSQL 15 is not installed")
    try:
        database = Database(server, "postgres")
        database.execute("CREATE EXTENSION pg_stat_statements")

        found = read_statements(in_process(database))

        assert found.reason == "pg_stat_statements is not in shared_preload_libraries of the server"
        database.close()
    finally:
        server.remove()


def test_a_file_replaces_the_extension(make, tmp_path):
    database, app = make("empty"), SampleApp(tmp_path)
    app.migration("0001_initial", BEFORE)
    assert database.run("migrate", "ward", "--no-measure", **app.variables).code == 0
    drops = 'migrations.RunSQL("ALTER TABLE ward_bed DROP COLUMN gone")'
    app.migration("0002_next", drops, after=("ward", "0001_initial"))
    app.migration("0003_next", "migrations.RunSQL('SELECT 1')", after=("ward", "0002_next"))
    file = tmp_path / "statements.json"
    file.write_text(json.dumps([{"statement": text, "calls": 7} for text in ("SELECT gone FROM ward_bed", "SELECT 1")]))

    result = precheck(database, app, make("empty"), "--application-statements", str(file))

    assert result.json["application"] == [
        {
            "statement": "SELECT gone FROM ward_bed",
            "calls": 7,
            "breaks_with": "42703",
            "because_of": "ward.0002_next",
        }
    ]
    assert [one["rollout"] for one in result.json["plan"]["transactions"]] == ["after", "either"]


def test_a_file_that_cannot_be_used_ends_the_command(hospital, tmp_path):
    for options, said in (
        (("--measure", "--application-statements", str(tmp_path / "no")), "cannot be used: it cannot be read"),
        (("--no-measure", "--application-statements", "x"), "leave out --no-measure"),
    ):
        result = hospital.run("precheck", "--format", "json", *options)

        assert (result.code, result.out) == (2, "")
        assert said in result.err
