"""Files and folders that appear whole or not at all, readable by their owner alone from before their first byte.

Where the file system can do it, a file has no name until it is whole (O_TMPFILE), so a kill leaves nothing. Elsewhere,
and for folders, it has a hidden name and a lock until then: what a killed run has left is not locked, and the next run
into the same folder removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

UNFINISHED = ".unfinished-"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeFile:
    """A file that is being written; `stream` takes its bytes."""

    path: Path
    stream: IO[bytes]
    hidden: Path | None
    """Its name until it is whole, None where it has none."""

    @property
    def readable(self) -> str:
        """A name under which this user may read the file before it appears."""
        return str(self.hidden or f"/proc/{os.getpid()}/fd/{self.stream.fileno()}")

    def appear(self) -> None:
        """Give the file its name, once every byte is on the disk; raises FileExistsError where the name is taken."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        if self.hidden:
            os.link(self.hidden, self.path)
            self.hidden.unlink()
        else:
            _link_open_file(self.stream.fileno(), self.path)
        sync_folder(self.path.parent)


def _link_open_file(descriptor: int, path: Path) -> None:
    """Give an open file without a name its first one; os.link follows the symbolic link of /proc only from a folder."""
    folder = os.open("/proc/self/fd", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.link(str(descriptor), path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


@contextmanager
def whole_file(path: Path) -> Iterator[WholeFile]:
    """Open a file that gets its name by `appear`, and is gone after the block if that was not called."""
    try:
        descriptor = os.open(path.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE)
        hidden = None
    except (AttributeError, OSError) as error:  # AttributeError: not Linux
        if isinstance(error, OSError) and error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            raise
        hidden = path.with_name(f".{path.name}{UNFINISHED}{secrets.token_hex(4)}")
        descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    with os.fdopen(descriptor, "w+b", buffering=0) as stream:
        try:
            yield WholeFile(path=path, stream=stream, hidden=hidden)
        finally:
            if hidden:
                hidden.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Provide a hidden empty folder for what `path` will be; it is gone after the block if nobody renamed it."""
    hidden = path.with_name(f".{path.name}{UNFINISHED}{secrets.token_hex(4)}")
    hidden.mkdir(mode=PRIVATE_FOLDER)
    descriptor = os.open(hidden, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield hidden
    finally:
        os.close(descriptor)
        shutil.rmtree(hidden, ignore_errors=True)


def replace_file(path: Path, text: str) -> None:
    """Write a small file, mode 0600, in place of the one of that name; readers see the old one or the new one."""
    hidden = path.with_name(f".{path.name}{UNFINISHED}{secrets.token_hex(4)}")
    descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        hidden.replace(path)
        sync_folder(path.parent)
    finally:
        hidden.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems refuse
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unfinished(folder: Path) -> list[str]:
    """Remove what killed runs have left in a folder, and return its names; what another run still writes is locked."""
    removed = []
    for one in sorted(folder.glob(f".*{UNFINISHED}*")):
        with suppress(OSError):
            descriptor = os.open(one, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(one) if one.is_dir() else one.unlink()
                removed.append(one.name)
            finally:
                os.close(descriptor)
    return removed
