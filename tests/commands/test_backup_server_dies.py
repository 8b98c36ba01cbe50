"""A server that ends while it is dumped leaves no archive, whether it is shut down at once or killed."""

import os
import signal

import pytest

from tests.support.backups import LARGE, hidden_and_archives
from tests.support.cluster import Database

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
