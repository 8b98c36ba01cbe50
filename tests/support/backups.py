"""Backups made by tests: the command, its manifest, and what stands in its folder."""

import os
import time
from contextlib import suppress
from pathlib import Path

from migrations_safety.backup.manifest import read

VERSION = int(os.environ.get("POSTGRESQL_VERSION", "18"))
LARGE = """
CREATE TABLE large AS SELECT n, md5(random()::text) || md5(random()::text) || md5(random()::text) AS told
FROM generate_series(1, {rows}) AS n
"""
SLOW = """
CREATE FUNCTION slow(n int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.2) WHERE current_database() LIKE 'confidential%'; RETURN true; END $$;
CREATE TABLE slow (n int CHECK (slow(n))); INSERT INTO slow SELECT generate_series(1, 100)
"""
"""A table whose restore into a copy takes twenty seconds."""
IN_COPIES = "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'confidential%' AND query LIKE 'COPY%'"
"""The sessions that restore rows."""


def backup(database, folder, *arguments, **words):
    return database.run("backup_database", "--output", str(folder), "--no-progress", *arguments, **words)


def manifest_in(folder):
    [file] = Path(folder).glob("*.manifest.json")
    return read(file)


def hidden_and_archives(folder):
    return [one.name for one in Path(folder).iterdir()] if Path(folder).exists() else []


def backups_of(database):
    return database.value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'migrations_safety backup' "
        "AND datname = current_database()"
    )


def migrate(database, *arguments, **variables):
    return database.run("migrate", "patients", "--no-input", *arguments, **variables)


def last_run(database):
    return database.run("audit_runs", "--format", "json").json["runs"][-1]


def ids(result):
    return [one["id"] for one in result.json["findings"] if one["id"].startswith("backup.")]


def refused(database, *arguments, **variables):
    """The findings about the backup, where the migration was refused and nothing was changed."""
    result = migrate(database, "--format", "json", *arguments, **variables)
    assert (result.code, result.json["verdict"]) == (1, "refused"), result.said
    assert database.value("SELECT to_regclass('patients')") is None
    return ids(result)


def restoring_server(folder, seconds=60):
    """The process of the server that a command has started below a folder, once the restore fills a table there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError, ValueError, IndexError):
            [file] = folder.glob("*/server/data/postmaster.pid")
            pid = int(file.read_text().split()[0])  # negative while initdb runs
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if any(b" COPY" in Path(f"/proc/{one}/cmdline").read_bytes() for one in children):
                return pid
        time.sleep(0.01)
    raise AssertionError("no restore was seen")
