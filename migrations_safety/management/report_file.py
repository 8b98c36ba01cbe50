"""The file that a report is written to: it appears only when the whole report is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from migrations_safety.management.streams import past_redirection


@contextmanager
def report_file(name: str | None) -> Iterator[Callable[[str], Any] | None]:
    """A context with a function that writes the report to the file `name`, or with None if `name` is None.

    The file is opened before any work, so that an error about the file comes first. A pipe or a terminal is written to
    directly, and a symbolic link is followed. Raises OSError if the file cannot be written.
    """
    if name is None:
        yield None
        return
    path = Path(past_redirection(name))
    if path.is_dir():
        raise IsADirectoryError(21, "The report cannot be written: this is a folder", name)
    is_special = path.exists() and not path.is_file()
    with path.open("w", encoding="utf-8") if is_special else _replacing(path.resolve(), name) as file:
        yield file.write


@contextmanager
def _replacing(path: Path, name: str) -> Iterator[TextIO]:
    """A temporary file with mode 0600, which replaces the file at `path` if the block raises no exception."""
    try:
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise OSError(error.errno, f"The report cannot be written: {error.strerror}", name) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)
