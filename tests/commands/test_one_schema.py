"""The schema that a command works on: told in every report, refused where it is not the expected one."""

import pytest

COMMANDS = ("precheck", "backfill_placeholders", "migrate", "verify_patient_schema", "audit_runs")


def test_every_report_names_the_schema(migrated):
    for command in COMMANDS:
        text, json = migrated.run(command), migrated.run(command, "--format", "json")

        assert (text.code, json.code) == (0, 0), text.said
        assert command == "migrate" or ', schema "public", PostgreSQL ' in text.out.replace("\n", " ")
        assert json.json["database"]["schema"] == "public"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_another_schema_than_the_expected_one(hospital, command):
    result = hospital.run(command, "--expect-schema", "clinic_c", "--format", "json")

    assert (result.code, result.out) == (2, "")
    assert 'target.E008: New tables would go into the schema "public"' in result.err
    assert hospital.value("SELECT to_regclass('django_migrations') IS NULL")


def test_a_schema_that_was_never_migrated_is_not_called_done(two_clinics):
    url = two_clinics.along("clinic_c,public")

    results = [two_clinics.run(one, url=url) for one in (*COMMANDS, "showmigrations")]

    assert [result.code for result in results] == [2, 2, 2, 2, 2, 0]
    for result in results[:-1]:
        assert result.out == ""
        assert 'target.E009: Django\'s record of migrations is in the schema "public"' in result.err


def test_a_path_to_nowhere_is_no_missing_right(hospital, new_role):
    role = new_role()
    hospital.execute(f'GRANT postgres TO "{role}"; ALTER ROLE "{role}" SET search_path = nowhere')

    result = hospital.run("precheck", url=hospital.server.url(hospital.name, user=role))

    assert (result.code, result.out) == (2, "")
    assert f'The search_path of the role "{role}" names no schema that exists (nowhere). Nothing was' in result.err
    assert f'ALTER ROLE "{role}" SET search_path = public;' in result.err
    assert "GRANT" not in result.err
