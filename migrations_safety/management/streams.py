"""While a report is JSON, stdout is the report's alone: everything else that is written there goes to stderr."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout, suppress
from typing import Any

STDOUT, STDERR = 1, 2
NAMES_OF_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
LOCK = threading.Lock()


class Redirection:
    """The process's stdout while it is redirected to stderr; there is one, whatever number of commands run."""

    commands = 0
    """How many commands want it now; the first redirects, the last undoes it."""
    original: int | None = None
    """A descriptor of what stdout was before."""
    python: AbstractContextManager[Any] | None = None
    """Redirects `sys.stdout`, which need not write to the descriptor."""


@contextmanager
def report_alone(*, wanted: bool) -> Iterator[None]:
    """Meanwhile what migrations, their child processes and logging write to stdout goes to stderr.

    Only `write_report` still reaches stdout. The descriptor belongs to the process, so of several commands at once
    the last one undoes it.
    """
    if not wanted:
        yield
        return
    with LOCK:
        Redirection.commands += 1
        if Redirection.commands == 1:
            _redirect()
    try:
        yield
    finally:
        with LOCK:
            Redirection.commands -= 1
            if Redirection.commands == 0:
                _undo()


def write_report(stdout: Any, text: str) -> None:
    """Write to the command's stdout, past the redirection if that is the process's."""
    if Redirection.original is None or _descriptor(stdout) != STDOUT:
        stdout.write(text, ending="")
        return
    with os.fdopen(os.dup(Redirection.original), "w", encoding=getattr(stdout, "encoding", None) or "utf-8") as file:
        file.write(text)


def past_redirection(name: str) -> str:
    """The name of a file; where it means stdout and that is redirected, a name of the original."""
    is_redirected = name in NAMES_OF_STDOUT and Redirection.original is not None
    return f"/dev/fd/{Redirection.original}" if is_redirected else name


def _redirect() -> None:
    _flush()
    with suppress(OSError):  # where the process has no stdout or no stderr
        Redirection.original = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
    Redirection.python = redirect_stdout(sys.stderr)
    Redirection.python.__enter__()


def _undo() -> None:
    assert Redirection.python is not None
    Redirection.python.__exit__(None, None, None)
    _flush()
    if Redirection.original is not None:
        os.dup2(Redirection.original, STDOUT)
        os.close(Redirection.original)
        Redirection.original = None


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]


def _descriptor(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return None
