"""Starts the PostgreSQL server of a scratch database, and removes it afterwards.

While a run lives, it holds a lock on a file in the folder of its server. A server whose lock nobody holds was left by a
run that was killed: the next run removes it.
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

from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.postgresql.embedded_server import NoServerBinaries, Server, versions_with

FOLDERS = "migrations-safety-server-"
"""How the names of the folders begin that hold the lock and the server."""
LOCK = "lock"


@contextmanager
def scratch_server(version: int) -> Iterator[Server]:
    """Start a PostgreSQL server with the target's version, or with the nearest one that is installed.

    Raises NotMeasured where none is installed.
    """
    installed = versions_with("initdb")
    if not installed:
        raise NotMeasured("no PostgreSQL is installed here that a scratch database could be made with")
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=FOLDERS))
    try:
        with (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder.chmod(0o711)  # the server may run as another user
            (folder / "server").mkdir()
            nearest = min(installed, key=lambda one: (abs(one - version), -one))
            server = Server.create(version=nearest, folder=folder / "server")
            try:
                yield server
            finally:
                server.remove()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers() -> None:
    """Stop and remove the servers that killed runs of this user have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*"):
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
            version = int((folder / "server" / "data" / "PG_VERSION").read_text())
            Server(version=version, folder=folder / "server", port=0).stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
