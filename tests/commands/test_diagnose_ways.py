"""`diagnose` ends with the next commands, forwards and back, which are run here as they stand."""

import json
import shlex

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.diagnosed import commands, diagnosed, one
from tests.support.factories import new_id, refer
from tests.support.pages import Command, blocks
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.any_postgresql


def test_what_it_says_ends_the_deploy(hospital):
    refer(hospital, "bills", new_id())
    first = diagnosed(hospital)
    refused = hospital.run("migrate")
    again = diagnosed(hospital)
    for command in ["backfill_placeholders", *commands(again.json["forward"])]:
        result = hospital.run(*command.split())
        assert result.code == 0, result.said

    assert first.code == refused.code == again.code == 1


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_people_read_the_same(make, format):
    hospital = make("with_keys")

    result = hospital.run("diagnose", "--format", format)

    assert result.code == 1
    assert f"python manage.py migrate --expect-database {json.dumps(hospital.name)[1:-1]}".split(" --")[0] in result.out
    assert "Forward" in result.out


def test_text_fits_one_screen(make):
    hospital = make("with_keys")
    result = hospital.run("diagnose")

    assert result.code == 1
    assert len(result.out.splitlines()) < 55


def test_more_pending_migrations_than_fit_a_screen_are_counted(empty):
    result = diagnosed(empty)

    told = [each for each in result.json["findings"] if each["id"] == "recovery.W023"]
    assert len(told) <= 8


def test_nullified_references_are_told_and_are_no_work(hospital):
    refer(hospital, "bills", "00000000-0000-0000-0000-000000000000")
    for command in ("backfill_placeholders --nullify bills", "migrate"):
        assert hospital.run(*command.split()).code == 0

    result = diagnosed(hospital)

    assert result.code == 0, result.said
    assert one(result, "recovery.I031")["rows"] == 1


def test_a_recorded_migration_without_a_file_is_another_release(migrated):
    migrated.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ehr', '0099_later', now())")

    result = diagnosed(migrated)

    assert one(result, "recovery.W024")["subject"] == "ehr.0099_later"
    assert "Install the release" in result.json["forward"][0]["why"]


def test_the_page_is_followed_as_it_stands(make):
    hospital = make("with_keys", name="hospital")
    (command,) = [block for block in blocks("how-to/when-it-failed.md") if isinstance(block, Command)]

    result = hospital.run(*shlex.split(command.text)[2:])

    assert result.code == command.code == 1
    for line in [each.strip() for each in result.out.splitlines() if each.strip().startswith("python manage.py")]:
        if "rollback" not in line:
            done = hospital.run(*shlex.split(line, comments=True)[2:])
            assert done.code == 0, done.said
            if "diagnose" in line:
                break


def test_the_way_back_is_the_app_s_own_rollback_and_is_followed(hospital):
    before = catalog_snapshot(hospital), row_snapshot(hospital, bookkeeping=False)
    assert hospital.run("migrate").code == 0

    back = commands(diagnosed(hospital).json["back"])
    done = [hospital.run(*command.split()) for command in back]

    assert back == ["rollback_patient_module --dry-run", "rollback_patient_module", "diagnose"]
    assert [result.code for result in done] == [0, 0, 1], [result.said for result in done]
    assert (catalog_snapshot(hospital), row_snapshot(hospital, bookkeeping=False)) == before


def test_the_way_back_of_one_app_alone_is_the_generic_one(hospital):
    assert hospital.run("migrate", "patients").code == 0
    hospital.execute("ALTER TABLE migrations_safety_run DISABLE TRIGGER ALL; DELETE FROM migrations_safety_run")
    assert hospital.run("migrate", "ehr").code == 0

    back = commands(diagnosed(hospital).json["back"])

    assert back[:2] == ["rollback_migrations ehr 0001_initial --dry-run", "rollback_migrations ehr 0001_initial"]


def test_the_rollback_of_the_patients_restores_nullified_references_by_itself(hospital):
    refer(hospital, "bills", "00000000-0000-0000-0000-000000000000")
    before = row_snapshot(hospital, bookkeeping=False)
    for command in ("backfill_placeholders --nullify bills", "migrate"):
        assert hospital.run(*command.split()).code == 0

    back = commands(diagnosed(hospital).json["back"])
    done = [hospital.run(*command.split()).code for command in back]

    assert back == ["rollback_patient_module --dry-run", "rollback_patient_module", "diagnose"]
    assert done == [0, 0, 1]
    assert row_snapshot(hospital, bookkeeping=False) == before
