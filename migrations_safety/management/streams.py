"""If a program reads the report, only the report goes to stdout; all other output to stdout is redirected to stderr."""

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
    """The state of the redirection from stdout to stderr; all commands of the process share one."""

    commands = 0
    """Number of commands that need the redirection now: the first one starts it, the last one ends it."""
    original: int | None = None
    """A file descriptor of the original stdout, or None while stdout is not redirected."""
    python: AbstractContextManager[Any] | None = None
    """The context that redirects `sys.stdout`, which need not write to file descriptor 1."""


@contextmanager
def report_alone(*, wanted: bool) -> Iterator[None]:
    """A context in which all output to stdout goes to stderr, that of migrations and child processes included.

    Only `write_report` still writes to stdout. Without `wanted` nothing is redirected. The file descriptor belongs to
    the process, so if several commands run at once, the last one to finish ends the redirection.
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
    """Write `text` to `stdout`; if `stdout` is redirected to stderr, write to the original one."""
    if Redirection.original is None or _descriptor(stdout) != STDOUT:
        stdout.write(text, ending="")
        return
    with os.fdopen(os.dup(Redirection.original), "w", encoding=getattr(stdout, "encoding", None) or "utf-8") as file:
        file.write(text)


def past_redirection(name: str) -> str:
    """The file name itself; if it means stdout and stdout is redirected, a name of the original stdout."""
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
