"""The file that a report goes to: whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migrations_safety.management.streams import NAMES_OF_STDOUT, Turned


@contextmanager
def report_file(name: str | None) -> Iterator[Callable[[str], Any] | None]:
    """A way to write the report to a file: opened before any work, in place only when it is whole.

    What is no file (a pipe, a terminal) is written to as it is; a link is followed.
    """
    if name is None:
        yield None
        return
    if name in NAMES_OF_STDOUT and Turned.kept is not None:
        name = f"/dev/fd/{Turned.kept}"
    final = Path(name)
    if final.is_dir():
        raise IsADirectoryError(21, "The report cannot be written: this is a folder", name)
    if final.exists() and not final.is_file():
        with final.open("w", encoding="utf-8") as file:
            yield file.write
        return
    final = final.resolve()
    try:
        handle, unfinished = tempfile.mkstemp(dir=final.parent, prefix=f".{final.name}.")  # mode 0600
    except OSError as error:
        raise OSError(error.errno, f"The report cannot be written: {error.strerror}", name) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(final)
    finally:
        Path(unfinished).unlink(missing_ok=True)
