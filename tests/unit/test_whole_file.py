"""Files and folders appear whole, also where a file system cannot hold a file without a name; leftovers go."""

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from migrations_safety.backup.destination import Destination
from migrations_safety.backup.whole_file import remove_unfinished, replace_file, whole_file, whole_folder
from migrations_safety.messages.refusals.backup import NoBackup

KILLED = """
import sys, time
from pathlib import Path
from migrations_safety.backup.whole_file import whole_folder
with whole_folder(Path(sys.argv[1])) as folder:
    (folder / "rows").write_bytes(b"rows")
    print("made", flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["nameless", "hidden"])
def may_be_nameless(request, monkeypatch):
    """Both kinds of file systems: the second one, such as NFS, cannot hold a file without a name."""
    if request.param == "hidden":
        monkeypatch.delattr(os, "O_TMPFILE")
    return request.param == "nameless"


def test_a_file_has_its_name_when_it_is_whole(tmp_path, may_be_nameless):
    with whole_file(tmp_path / "x") as file:
        file.stream.write(b"rows")
        assert [one.name.startswith(".x.unfinished-") for one in tmp_path.iterdir()] == [True] * (not may_be_nameless)
        assert Path(file.readable).read_bytes() == b"rows"
        file.appear(tmp_path / "x")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("x", b"rows")]
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600


@pytest.mark.usefixtures("may_be_nameless")
def test_a_name_that_is_taken_is_left_alone_and_one_of_ours_gets_a_number(tmp_path):
    taken = tmp_path / "bed-20261127T093523Z.dump.age"
    taken.write_text("precious")
    with whole_file(taken) as file:
        with pytest.raises(NoBackup, match="is there already"):
            Destination(path=taken).take(file.appear)
        other = Destination(path=taken, is_ours=True).take(file.appear)

    assert other.name == "bed-20261127T093523Z-2.dump.age"
    assert taken.read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.usefixtures("may_be_nameless")
def test_what_another_run_still_writes_is_left_alone(tmp_path):
    with whole_file(tmp_path / "x"), whole_folder(tmp_path / "y") as folder:
        before = sorted(tmp_path.iterdir())
        assert remove_unfinished(tmp_path) == []
        assert (sorted(tmp_path.iterdir()), folder.is_dir()) == (before, True)

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_has_left_is_removed(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "x")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        process.kill()
    (tmp_path / ".y.unfinished-1").write_bytes(b"rows")

    assert remove_unfinished(tmp_path)[1] == ".y.unfinished-1"
    assert list(tmp_path.iterdir()) == []


def test_a_small_file_is_locked_until_it_has_its_name(tmp_path):
    replace_file(tmp_path / "x", "one")
    with (tmp_path / "x").open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it any more
    replace_file(tmp_path / "x", "two")

    assert (tmp_path / "x").read_text() == "two"
    assert len(list(tmp_path.iterdir())) == 1
