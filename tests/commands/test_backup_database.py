"""`backup_database`: an archive that was restored and compared, with a manifest beside it."""

import hashlib
import json
import stat
from pathlib import Path

from tests.support.backups import backup, manifest_in

SETTINGS = "SELECT setrole, unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = %s ORDER BY 1, 2"


def written_in(folder):
    """The manifest there, as its file has it."""
    [file] = Path(folder).glob("*.manifest.json")
    return json.loads(file.read_text())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_backup_is_restored_and_compared(migrated, tmp_path):
    done = backup(migrated, tmp_path / "backups")

    assert (done.code, done.err.split(",")[0]) == (0, "backup_database: compared"), done.said
    told = written_in(tmp_path / "backups")
    assert told["proof"] == "compared"
    assert told["database"]["name"] == migrated.name


def test_the_manifest_says_what_is_in_the_archive(migrated, tmp_path):
    done = backup(migrated, tmp_path, "--no-restore-test", "--format", "json")

    told = written_in(tmp_path)
    archive = tmp_path / told["archive"]["file"]
    assert done.json["manifest"] == told
    assert told["archive"]["bytes"] == archive.stat().st_size
    assert told["archive"]["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert told["database"]["system_identifier"] == migrated.value(
        "SELECT system_identifier::text FROM pg_control_system()"
    )
    counted = {one["table"]: one["rows"] for one in told["tables"]}
    assert counted["django_migrations"] == migrated.value("SELECT count(*) FROM django_migrations")
    assert told["proof"] == "read"


def test_nobody_else_may_read_what_it_writes(hospital, tmp_path):
    backup(hospital, tmp_path / "new", "--no-restore-test")

    assert mode(tmp_path / "new") == 0o700
    assert {mode(one) for one in (tmp_path / "new").iterdir()} == {0o600}
    assert len(list((tmp_path / "new").iterdir())) == 3


def test_the_settings_of_the_database_and_of_its_roles_are_saved_as_statements_that_run(hospital, new_role, tmp_path):
    role, settings = new_role(), SETTINGS
    oid = hospital.value("SELECT oid FROM pg_database WHERE datname = current_database()")
    name = f'DATABASE "{hospital.name}"'
    hospital.execute(f"ALTER {name} SET search_path TO public, \"other clinic\"; ALTER {name} SET app.ward TO 'it''s'")
    hospital.execute(f"ALTER ROLE \"{role}\" IN {name} SET work_mem TO '8MB'; ALTER {name} SET temp_tablespaces TO ''")
    before = hospital.rows(settings, oid)

    backup(hospital, tmp_path, "--no-restore-test")

    [saved] = tmp_path.glob("*.roles.sql")
    own = [line for line in saved.read_text().splitlines() if "DATABASE" in line and hospital.name in line]
    hospital.execute(f'ALTER {name} RESET ALL; ALTER ROLE "{role}" IN {name} RESET ALL')
    for line in own:
        hospital.execute(line)
    assert len(own) == 4
    assert hospital.rows(settings, oid) == before


def test_nothing_is_overwritten(empty, tmp_path):
    (tmp_path / "mine.dump").write_text("precious")

    done = backup(empty, tmp_path / "mine.dump")

    assert (done.code, (tmp_path / "mine.dump").read_text()) == (2, "precious")
    assert "is there already" in done.err


def test_it_is_a_run_of_its_own_in_the_record(migrated, tmp_path):
    done = backup(migrated, tmp_path, "--no-restore-test", "--format", "json")

    runs = json.loads(migrated.run("audit_runs", "--format", "json").out)["runs"]
    [run] = [one for one in runs if one["command"] == "backup_database"]
    assert run["run_id"] == done.json["run_id"]
    assert run["counts"]["sha256"] == manifest_in(tmp_path).archive.sha256
    assert run["counts"]["archive"] == str(manifest_in(tmp_path).path)
