"""Files and folders that appear whole or not at all, readable by their owner alone from before their first byte.

Where the file system can do it, a file has no name until it is whole (O_TMPFILE), so a kill leaves nothing. Elsewhere,
and for folders, it has a hidden name until then, and a lock on itself or on a file in the folder, opened for writing as
network file systems want it. What a killed run has left is not locked, and the next run into that folder removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

UNFINISHED = ".unfinished-"
LOCK = "lock"
"""The name of the lock in a hidden folder."""
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeFile:
    """A file that is being written; `stream` takes its bytes."""

    stream: IO[bytes]
    hidden: Path | None
    """Its name until it is whole, None where it has none."""

    @property
    def readable(self) -> str:
        """A name under which this user may read the file before it appears."""
        return str(self.hidden or f"/proc/{os.getpid()}/fd/{self.stream.fileno()}")

    def appear(self, path: Path) -> None:
        """Give the file its name, once every byte is on the disk; raises FileExistsError where the name is taken.

        The name is in the folder that the file was opened for.
        """
        self.stream.flush()
        os.fsync(self.stream.fileno())
        if self.hidden:
            _name_hidden_file(self.hidden, path)
        else:
            _link_open_file(self.stream.fileno(), path)
        sync_folder(path.parent)


def _name_hidden_file(hidden: Path, path: Path) -> None:
    """Give a hidden file its name, if that is free; file systems without hard links have only the renaming."""
    try:
        os.link(hidden, path)
        hidden.unlink()
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        hidden.rename(path)


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
        hidden = hidden_name(path)
        descriptor = locked_file(hidden)
    with os.fdopen(descriptor, "w+b", buffering=0) as stream:
        try:
            yield WholeFile(stream=stream, hidden=hidden)
        finally:
            if hidden:
                hidden.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Provide an empty folder for what `path` will be, in a hidden one that is gone after the block."""
    hidden = hidden_name(path)
    with _locked_folder(hidden):
        try:
            folder = hidden / "archive"
            folder.mkdir(mode=PRIVATE_FOLDER)
            yield folder
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


@contextmanager
def _locked_folder(hidden: Path) -> Iterator[None]:
    """Make a folder with a lock; where another run takes it for a leftover before the lock, it is made again."""
    with ExitStack() as stack:
        is_locked = False
        while not is_locked:
            hidden.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            with suppress(FileNotFoundError):
                stack.enter_context(hidden_lock(hidden / LOCK))
                is_locked = True
        yield


def replace_file(path: Path, text: str) -> None:
    """Write a small file, mode 0600, in place of the one of that name; readers see the old one or the new one."""
    hidden = hidden_name(path)
    with os.fdopen(locked_file(hidden), "w", encoding="utf-8") as stream:
        try:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            hidden.replace(path)  # while it is locked, or another run would take it for one that a kill has left
            sync_folder(path.parent)
        finally:
            hidden.unlink(missing_ok=True)


@contextmanager
def hidden_lock(lock: Path) -> Iterator[None]:
    """Hold a lock of that name for the length of the block; raises FileExistsError where another run holds it."""
    descriptor = locked_file(lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def hidden_name(path: Path) -> Path:
    """Return a name of its own for what `path` will be."""
    return path.with_name(f".{path.name}{UNFINISHED}{secrets.token_hex(4)}")


def locked_file(path: Path) -> int:
    """Make a file, mode 0600, and lock it; raises FileExistsError where there is one that is locked.

    Another run may remove the file between its making and its lock: then it is made again.
    """
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        try:
            if not is_locked_by_us(descriptor):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def is_locked_by_us(descriptor: int) -> bool:
    """Lock an open file and return whether nobody else has; also where the file system knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
    return True


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
        with suppress(OSError), hidden_lock(one / LOCK if one.is_dir() else one):
            if one.is_dir():
                shutil.rmtree(one)
            removed.append(one.name)
    return removed
