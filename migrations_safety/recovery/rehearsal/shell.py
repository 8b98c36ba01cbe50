"""Runs the commands of the caller that make and remove copies."""

from __future__ import annotations

import tempfile

from migrations_safety.postgresql.guarded_program import guarded_program


def run_in_shell(command: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command; return its exit code and what it wrote to stdout.

    What it writes to stderr may hold values of rows or a password, and is not looked at. Programs that it leaves
    running, such as a server, may keep stdout open: only the end of the shell is waited for. An interrupt, and a kill
    of this process, end all of them.
    """
    with tempfile.TemporaryFile() as printed:
        with guarded_program(["/bin/sh", "-c", command], environment=environment, stdout=printed) as shell:
            code = shell.wait()
        printed.seek(0)
        return code, printed.read().decode(errors="replace")
