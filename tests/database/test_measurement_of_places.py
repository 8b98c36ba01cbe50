"""How the scratch database is reached, what it is given of the target, and what is said where it cannot be made."""

from typing import Any

import pytest

from migrations_safety.measurement import schema_copy
from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.scratch import Place
from tests.support.measured_app import write

pytestmark = pytest.mark.any_postgresql

FIELD = 'migrations.AddField("bed", "note", models.TextField(null=True))'


def as_role(connection, monkeypatch, **settings):
    connection.close()
    for name, value in settings.items():
        monkeypatch.setitem(connection.settings_dict, name, value)


def test_a_scratch_is_reached_where_the_environment_says_where_the_target_is(measured, monkeypatch):
    app, database, connection = measured
    write(app, [FIELD])
    database.execute("DO $$ BEGIN CREATE ROLE measurer LOGIN CREATEDB; EXCEPTION WHEN duplicate_object THEN END $$")
    database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO measurer")
    server = database.server
    for name, value in {"PGHOST": server.folder, "PGPORT": server.port, "PGUSER": "measurer"}.items():
        monkeypatch.setenv(name, str(value))
    as_role(connection, monkeypatch, HOST="", PORT="", USER="")

    plan = measure(connection, app_label="ward")

    assert (plan.measured, plan.reason, plan.error) == ("server", None, None)
    assert [one.held for one in plan.transactions] == [{"ward_bed": "AccessExclusiveLock"}]


def test_an_address_of_a_scratch_may_leave_the_server_to_the_environment(measured, make, monkeypatch):
    app, database, connection = measured
    write(app, [FIELD])
    for name, value in {"PGHOST": database.server.folder, "PGPORT": database.server.port, "PGUSER": "postgres"}.items():
        monkeypatch.setenv(name, str(value))

    plan = measure(
        connection, app_label="ward", options=MeasureOptions(scratch_url=f"postgresql:///{make('empty').name}")
    )

    assert (plan.measured, plan.error, len(plan.transactions)) == ("url", None, 1)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (
            "postgresql://nobody:secret@127.0.0.1:1/nothing",
            "the scratch database could not be used: Could not connect: connection failed: "
            'connection to server at "127.0.0.1", port 1 failed: Connection refused',
        ),
        ("postgresql://:secret@[::1/nothing", "--scratch-url is no URL of a PostgreSQL database"),
    ],
)
def test_a_scratch_that_cannot_be_reached_is_told_without_its_password(measured, url, reason):
    _, _, connection = measured

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=url))

    assert (plan.measured, plan.reason) == ("no", reason)


def test_where_no_server_can_be_started_the_plan_is_not_measured(measured, monkeypatch):
    _, _, connection = measured
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")

    plan = measure(connection, app_label="ward")

    assert plan.measured == "no"
    assert str(plan.reason).startswith("the scratch database could not be used: No such file or directory: /nowhere/")


def test_a_schema_that_is_named_after_the_role_is_found_on_another_server_too(measured, new_role, monkeypatch):
    app, database, connection = measured
    write(app, [FIELD])
    role = new_role()
    database.execute(f'CREATE SCHEMA "{role}"; GRANT USAGE ON SCHEMA "{role}" TO "{role}"')
    for table in ("ward_clinic", "ward_ward", "ward_bed", "django_migrations"):
        database.execute(f'ALTER TABLE {table} SET SCHEMA "{role}"')
    database.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{role}" TO "{role}"')
    database.execute(f'GRANT SELECT ON ALL SEQUENCES IN SCHEMA "{role}" TO "{role}"')
    as_role(connection, monkeypatch, USER=role)

    plan = measure(connection, app_label="ward")

    assert (plan.measured, plan.error, len(plan.transactions)) == ("embedded", None, 1)
    assert plan.transactions[0].held == {"ward_bed": "AccessExclusiveLock"}


def test_an_extension_that_cannot_be_made_is_left_out_under_its_name(measured, make):
    app, database, connection = measured
    write(app, [FIELD])
    there = "SELECT name FROM pg_available_extensions WHERE name IN ('vector', 'citext') LIMIT 1"
    extension = database.value(there)
    database.execute(f"CREATE EXTENSION {extension}")
    scratch = make("empty")
    refuse = "information_schema.no()"  # elsewhere the database would not be empty
    scratch.execute(f"CREATE FUNCTION {refuse} RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
    scratch.execute(
        f"CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION {refuse}"
    )

    plan = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=scratch.url))

    assert f"EXTENSION {extension}: it could not be made there" in plan.left_out
    assert (plan.measured, plan.error) == ("url", None)


def test_what_is_left_out_is_named_without_an_owner_whose_name_has_spaces(measured, new_role):
    app, database, connection = measured
    write(app, [FIELD])
    role = new_role()
    database.execute("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER elsewhere FOREIGN DATA WRAPPER w")
    database.execute(f'GRANT USAGE ON FOREIGN DATA WRAPPER w TO "{role}"; ALTER SERVER elsewhere OWNER TO "{role}"')

    plan = measure(connection, app_label="ward")

    assert (" " in role, "SERVER elsewhere" in plan.left_out) == (True, True)


def test_a_schema_that_cannot_be_read_or_made_is_not_measured(empty, tmp_path):
    broken = tmp_path / "schema"
    broken.write_text("no archive")
    parameters = {"conninfo": empty.url, "autocommit": True}
    where: dict[str, Any] = {"where": "url", "why_not_the_server": None, "token": "", "search_path": "public"}
    place = Place(server_version=f"{empty.server.version}.0", parameters=parameters, **where)
    _, program = schema_copy._program("pg_restore", least=place.version)

    with pytest.raises(NotMeasured, match=r"pg_restore could not read the schema \(it ended with 1\)"):
        schema_copy._choose(program, broken, tmp_path / "list", place, ())
    (tmp_path / "list").write_text("")
    there = Place(
        server_version=place.server_version,
        parameters={"dbname": empty.name, "host": str(empty.server.folder)},
        **where,
    )
    with pytest.raises(NotMeasured, match=r"pg_restore could not make the schema there \(it ended with 1\)"):
        schema_copy._restore(program, broken, tmp_path / "list", there, ())
