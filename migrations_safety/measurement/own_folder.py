"""Provides temporary folders, of which nothing stays even if a run is killed.

While a run lives, it holds a lock on a file in its folder. A folder whose lock nobody holds was left by a run that was
killed: the next run removes it, and stops the PostgreSQL server in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from migrations_safety.postgresql.embedded_server import NoServerBinaries, Server
from migrations_safety.postgresql.temporary_folder import temporary_folder, temporary_folders

FOLDERS = "migrations-safety-run-"
"""How the names of the folders begin."""
LOCK, SERVER = "lock", "server"
"""The file that is locked, and the folder of a server, if there is one."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """Make a temporary folder that only this user may read, remove it after the block, and remove what others left."""
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=FOLDERS, dir=temporary_folder()))
    try:
        with (folder / "unlocked").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "unlocked").rename(folder / LOCK)  # a file of this name is locked from the start
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers() -> None:
    """Remove the folders that killed runs of this user have left, and stop the servers in them."""
    for folder in (one for place in temporary_folders() for one in place.glob(f"{FOLDERS}*")):
        with suppress(OSError):
            if folder.stat().st_uid == os.geteuid():
                _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    with (folder / LOCK).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # its run is alive
            return
        with suppress(OSError, ValueError, NoServerBinaries, subprocess.CalledProcessError):  # it may not have started
            version = int((folder / SERVER / "data" / "PG_VERSION").read_text())
            Server(version=version, folder=folder / SERVER, port=0).stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
