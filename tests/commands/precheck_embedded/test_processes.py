"""Two runs of `precheck --embedded` at once, a signal, a kill, a server that does not start: nothing is left behind."""

import signal
import time

import pytest

from tests.commands.precheck_embedded import LEFT, LOOK, leave_nothing, servers_in
from tests.support.git_project import INDEX, ORDER

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]


def test_two_runs_at_once_do_not_disturb_each_other(project, folder):
    project.migration("0001_initial", ORDER)
    project.commit()
    project.migration("0002_index", INDEX, after=("0001_initial",))

    running = [project.start(*LOOK, TMPDIR=str(folder)) for _ in range(2)]
    for one in running:
        one.communicate(timeout=240)

    assert [one.returncode for one in running] == [0, 0]


SLEEPING = """
    def wait(apps, editor):
        import time
        from pathlib import Path

        Path("reached").touch()
        time.sleep(120)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_no_server_and_no_folder(project, folder, number, code):
    project.migration("0001_initial", ORDER + "migrations.RunPython(wait),", code=SLEEPING)
    project.commit()
    running = project.start(*LOOK, TMPDIR=str(folder))
    wait_for((project.folder / "reached").exists)

    running.send_signal(number)
    _, err = running.communicate(timeout=120)

    assert running.returncode == code, err
    leave_nothing(folder)


def test_the_next_run_removes_what_a_kill_has_left(project, look, folder):
    slow = project.migration("0001_initial", ORDER + "migrations.RunPython(wait),", code=SLEEPING)
    project.commit()
    running = project.start(*LOOK, TMPDIR=str(folder))
    wait_for((project.folder / "reached").exists)
    running.kill()
    running.communicate(timeout=120)
    assert servers_in(folder)
    slow.write_text(slow.read_text().replace("time.sleep(120)", "time.sleep(0)"))
    project.commit()

    assert look().code == 0
    leave_nothing(folder)


def wait_for(happens, *, seconds=60):
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_server_that_cannot_be_started_is_a_sentence(project, folder):
    project.migration("0001_initial", ORDER)
    project.commit()
    long = folder / ("x" * 100)
    long.mkdir()
    for copy in folder.glob("ehr-*"):
        (long / copy.name).symlink_to(copy.resolve())

    refused = project.run(*LOOK, TMPDIR=str(long))

    assert (refused.code, refused.out) == (2, "")
    assert "could not be started here: pg_ctl ended with 1" in refused.err
    assert "TMPDIR" in refused.err
    assert "Traceback" not in refused.err
    assert list(long.glob(LEFT)) == []
