"""A server that ends while it is dumped leaves no archive, whether it is shut down at once or killed."""

import json
import os
import signal

import pytest

from migrations_safety.backup.manifest import Proof, verify_archive
from tests.support.backups import IN_COPIES, LARGE, SLOW, hidden_and_archives, manifest_in
from tests.support.cluster import Database

pytestmark = pytest.mark.slow

AT_WORK = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'COPY public.large%')"


@pytest.mark.parametrize(("number", "form"), [(signal.SIGQUIT, ()), (signal.SIGKILL, ("--jobs", "2"))])
def test_a_server_that_ends_in_the_dump(standalone, tmp_path, number, form):
    database = Database(standalone, "postgres")
    database.execute(LARGE.format(rows=600_000))
    with database.start("backup_database", "--output", str(tmp_path / "x"), "--no-progress", *form) as running:
        database.wait_for(AT_WORK)
        os.kill(int((standalone.data / "postmaster.pid").read_text().split()[0]), number)
        _, said = running.communicate(timeout=60)

    database.close()
    assert running.returncode == 2, said
    assert "There is no backup: pg_dump ended with 1" in said
    assert "Traceback" not in said
    assert 'File "' not in said
    assert hidden_and_archives(tmp_path / "x") == []


def test_a_server_that_ends_while_the_archive_is_tried_on_it(standalone, tmp_path):
    database = Database(standalone, "postgres")
    database.execute("CREATE ROLE deploy LOGIN CREATEDB; GRANT CREATE ON SCHEMA public TO deploy")
    database.execute("GRANT pg_read_all_data, pg_read_all_settings TO deploy")
    database.execute(SLOW)
    arguments = ("backup_database", "--output", str(tmp_path / "x"), "--no-progress", "--format", "json")
    with database.start(*arguments, url=standalone.url("postgres", user="deploy")) as running:
        database.wait_for(f"SELECT EXISTS ({IN_COPIES})")
        os.kill(int((standalone.data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        out, said = running.communicate(timeout=60)

    database.close()
    told = json.loads(out)
    assert running.returncode == 1, said
    assert [one["id"] for one in told["findings"]] == ["backup.E006", "backup.W002"]
    assert "the connection was lost" in told["why_not_recorded"]
    assert manifest_in(tmp_path / "x").proof is Proof.READ
    assert verify_archive(manifest_in(tmp_path / "x")) == ""
