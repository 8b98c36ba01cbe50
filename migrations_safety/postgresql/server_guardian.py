"""Stops a server of our own and removes its folder when the process that started it is gone; run as a script.

Arguments: the descriptor of a pipe that the asking process holds open, and the folder of the server, whose files are in
`data` below it. One byte in the pipe says that the server was removed, and the end of the pipe without it that the
process was killed. PostgreSQL runs in sessions of its own, so that nothing else would end it. It imports nothing of
this app, so that it starts at once.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

GLANCES = 0.02
STARTING, STOPPING = 2, 20
"""How many seconds a server may take to start that was being made, and to stop before it is killed."""


def main(watched: int, folder: Path) -> None:
    """Wait for the end of the asking process, and remove what it has left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the asking process decides
    if os.read(watched, 1):
        return
    end = time.monotonic() + STARTING
    while not (postmaster := _postmaster(folder)) and time.monotonic() < end:
        time.sleep(GLANCES)
    if postmaster:
        _stop(postmaster)
    shutil.rmtree(folder.parent, ignore_errors=True)


def _postmaster(folder: Path) -> int:
    """Return the number of the server's process; 0 where there is none. That of initdb is written as negative."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return max(0, int((folder / "data" / "postmaster.pid").read_text().split()[0]))
    return 0


def _stop(postmaster: int) -> None:
    """Let it end at once with all its processes, as an immediate shutdown does."""
    end = time.monotonic() + STOPPING
    with contextlib.suppress(OSError):
        os.kill(postmaster, signal.SIGQUIT)
        while time.monotonic() < end:
            os.kill(postmaster, 0)
            time.sleep(GLANCES)
        os.kill(postmaster, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
