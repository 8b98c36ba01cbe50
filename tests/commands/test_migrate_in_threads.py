"""Two `migrate` at once in one process, each in a thread and on a database of its own."""

import subprocess
import sys
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management.commands import migrate as migrate_module
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.executor import on_the_ladder
from tests.support.commands import ROOT, environment
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.slow

BOTH_AT_ONCE = """
    import threading
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()

    def migrate(alias):
        try:
            call_command("migrate", database=alias, verbosity=0, no_progress=True)
            print(f"{alias} applied\\n", end="")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=migrate, args=[alias]) for alias in ("default", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
BOTH_ARE_HERE = """
import threading

both = threading.Barrier(2, timeout=120)

def wait_for_the_other(apps, schema_editor):
    both.wait()
"""
TABLE = "migrations.CreateModel('Stay', [('id', models.BigAutoField(primary_key=True))])"
MEET = "migrations.RunPython(wait_for_the_other)"

django_migrate: Any = migrate_module


@pytest.mark.parametrize("atomic", [True, False])
def test_each_applies_its_own(make, tmp_path, atomic):
    ward, (first, second) = SampleApp(tmp_path), (make("empty"), make("empty"))
    ward.migration("0001_initial", f"{MEET}, {TABLE}, {MEET}", atomic=atomic, before=BOTH_ARE_HERE)
    ward.write("both_at_once.py", BOTH_AT_ONCE)
    variables = first.variables() | {"DATABASE_URL_OTHER": second.url} | ward.variables
    variables["PYTHONPATH"] += f":{ROOT}"

    done = subprocess.run(
        [sys.executable, str(tmp_path / "both_at_once.py")],
        env=environment(**variables), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert sorted(done.stdout.splitlines()) == ["default applied", "other applied"], done.stderr
    for database in (first, second):
        assert database.value("SELECT to_regclass('ward_stay') IS NOT NULL")
        assert database.value("SELECT count(*) FROM django_migrations WHERE app = 'ward'") == 1


@contextmanager
def laddered(connection):
    connection.ensure_connection()
    with Watchdog(connection, max_stall=0.2) as watchdog:
        ladder = LockLadder(connection, watchdog=watchdog, retry_for=1, progress=Progress())
        with on_the_ladder(connection, ladder):
            yield ladder


def test_each_connection_has_the_executor_of_its_own_ladder(empty, in_process):
    first = in_process(empty)
    second = first.copy(alias="second")
    connections["second"] = second
    try:
        with laddered(first) as one:
            with laddered(second) as two:
                assert [django_migrate.MigrationExecutor(each).ladder for each in (first, second)] == [one, two]
            assert django_migrate.MigrationExecutor(first).ladder is one
        assert not hasattr(django_migrate.MigrationExecutor(first).connection.SchemaEditorClass, "ladder")
        assert issubclass(django_migrate.MigrationExecutor, MigrationExecutor)
    finally:
        second.close()
        del connections["second"]
