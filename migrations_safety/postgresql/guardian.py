"""Runs one program, and ends it with all its children when the process that asked for it is gone; run as a script.

Arguments: the descriptor of a pipe that the asking process holds open, a folder to remove if it is gone (or an empty
text), and the command. Without this, a pg_dump whose caller was killed goes on alone, with its lock on every table.
It imports nothing of this app, so that it starts at once.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

GLANCES = 0.02
"""How many seconds pass between two looks at the program."""
PATIENCE = 10
"""How many seconds it has to end by itself, before it is killed."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


def main(watched: int, folder: str, command: list[str]) -> int:
    """Run the command, and return its exit code; 128 and the number of the signal that ended it."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)  # the asking process decides
    child = subprocess.Popen(command, process_group=0, preexec_fn=_die_with_parent)
    os.close(1)  # so that whoever reads from the program sees its end
    while child.poll() is None:
        if select.select([watched], [], [], GLANCES)[0]:
            _end(child)
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End the program and what it has started: pg_dump has one process for each of its jobs."""
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(child.pid, signal.SIGTERM)
        child.wait(PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _die_with_parent() -> None:
    """Listen to signals again, and on Linux also die if this guardian is killed."""
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
