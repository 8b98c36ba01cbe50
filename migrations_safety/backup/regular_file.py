"""Reads small files that others have put there, which may be no files, and have names that nobody can print."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any


def read_regular_file(path: Path) -> bytes:
    """Return the content of a file; raises OSError for a pipe or a device, which may never have an end."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        return stream.read()


def parsed_json(content: bytes) -> Any:
    """Return the values of a JSON text; raises ValueError for anything else, too deep a text included."""
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("too deep") from None


def is_utf8(path: Path) -> bool:
    """Whether a path can be printed, and written into JSON and into the record of runs."""
    return shown(path) == str(path)


def shown(path: str | Path) -> str:
    """Return a path with the bytes written out that are not in UTF-8."""
    return os.fsencode(path).decode(errors="backslashreplace")
