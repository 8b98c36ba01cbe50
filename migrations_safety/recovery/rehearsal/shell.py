"""Runs the commands of the caller that make and remove copies."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import Any

PATIENCE = 10
"""How many seconds a command that was interrupted has to end by itself."""


def run_in_shell(command: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command in a session of its own; return its exit code and what it wrote to stdout.

    What it writes to stderr may hold values of rows or a password, and goes nowhere. Programs that it leaves running,
    such as a server, may keep stdout open: only the end of the shell is waited for. An interrupt ends all of them.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": printed, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(["/bin/sh", "-c", command], env=environment, start_new_session=True, **how) as shell:
            try:
                code = shell.wait()
            except BaseException:
                _end(shell)
                raise
        printed.seek(0)
        return code, printed.read()


def _end(shell: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGTERM)
        try:
            shell.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
