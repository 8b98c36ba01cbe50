"""Runs a program that ends with us, whatever ends us: an error, Ctrl-C, SIGTERM or SIGKILL."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from migrations_safety.postgresql import guardian


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardedProgram:
    """A program at work. Its output can be read; what it says on stderr is kept."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]

    @property
    def stdout(self) -> IO[bytes]:
        """The output of the program."""
        assert self.process.stdout is not None
        return self.process.stdout

    def wait(self) -> int:
        """Return the exit code when the program has ended."""
        return self.process.wait()

    def ends_within(self, seconds: float) -> bool:
        """Return whether the program ends in this time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def said(self) -> str:
        """What it has said on stderr until now."""
        return os.pread(self.errors.fileno(), os.fstat(self.errors.fileno()).st_size, 0).decode(errors="replace")


@contextmanager
def guarded_program(
    command: Sequence[str],
    *,
    environment: dict[str, str],
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    folder: Path | None = None,
) -> Iterator[GuardedProgram]:
    """Run a program for the length of the block, and end it with all its children if it has not ended by then.

    If this process is killed, the program is ended too, and `folder` is removed.
    """
    watched, held = os.pipe()
    try:
        with tempfile.TemporaryFile() as errors:
            script = [sys.executable, "-I", "-S", guardian.__file__, str(watched), str(folder or "")]
            how: dict[str, Any] = {"env": environment, "stdin": stdin, "stdout": stdout, "stderr": errors}
            with subprocess.Popen([*script, *command], start_new_session=True, pass_fds=[watched], **how) as process:
                try:
                    yield GuardedProgram(process=process, errors=errors)
                finally:
                    held = _close(held)
                    if process.stdout:
                        process.stdout.close()
    finally:
        os.close(watched)
        _close(held)


def _close(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1
