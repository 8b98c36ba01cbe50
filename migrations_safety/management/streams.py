"""Where output goes: stdout is the report's alone while that is JSON, and a report's file is whole or not there."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

STDOUT, STDERR = 1, 2
NAMES_OF_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
TURNING = threading.Lock()


class Turned:
    """How many commands have stdout turned away now, and what it was before the first of them."""

    count = 0
    kept: int | None = None
    undo: Any = None


@contextmanager
def report_alone(*, wanted: bool) -> Iterator[None]:
    """Meanwhile all that is written to stdout goes to stderr, by migrations, their child processes and logging too.

    Reports are let through by `write_report`. The file descriptor is the process's: of several commands at once the
    last one turns it back.
    """
    if not wanted:
        yield
        return
    with TURNING:
        Turned.count += 1
        if Turned.count == 1:
            _turn_away()
    try:
        yield
    finally:
        with TURNING:
            Turned.count -= 1
            if Turned.count == 0:
                _turn_back()


def write_report(stdout: Any, text: str) -> None:
    """To the command's stdout, past the turning away where it is the process's."""
    if Turned.kept is None or _descriptor(stdout) != STDOUT:
        stdout.write(text, ending="")
        return
    with os.fdopen(os.dup(Turned.kept), "w", encoding=getattr(stdout, "encoding", None) or "utf-8") as file:
        file.write(text)


def _turn_away() -> None:
    _flush()
    with suppress(OSError):  # where the process has no stdout or no stderr
        Turned.kept = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
    Turned.undo = redirect_stdout(sys.stderr)
    Turned.undo.__enter__()


def _turn_back() -> None:
    Turned.undo.__exit__(None, None, None)
    _flush()
    if Turned.kept is not None:
        os.dup2(Turned.kept, STDOUT)
        os.close(Turned.kept)
        Turned.kept = None


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]


def _descriptor(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return None
