"""The file that a report goes to: it is there whole, or not at all."""

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
    """A function that writes the report to a file; None without a name.

    The file is opened before any work, so that a report that cannot be written is said first. What is no regular file
    (a pipe, a terminal) is written to as it is; a link is followed.
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
    """A new file that takes the place of another one when all went well; its mode is 0600."""
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
