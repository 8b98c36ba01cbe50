"""Where an archive goes: the file that was named, or a name of ours in the folder that was named."""

from __future__ import annotations

import errno
import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from migrations_safety.backup.manifest import DIRECTORY, manifest_of
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.regular_file import is_utf8, shown
from migrations_safety.backup.whole_file import PRIVATE_FOLDER, hidden_name
from migrations_safety.messages.refusals.backup import NoBackup

ENDINGS = {"age": ".age", "gpg": ".gpg"}
ROLES = ".roles.sql"
"""What the name of the file with the roles and settings ends with."""
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
"""With what a name is refused that a file or a folder has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """The path of an archive, or where the name is ours the first one of its paths."""

    path: Path
    is_ours: bool = False

    def take(self, give: Callable[[Path], None]) -> Path:
        """Let `give` give the archive its name, and return it; another run may have taken the first one meanwhile.

        Raises NoBackup where the only name is taken.
        """
        for path in self.names():
            try:
                give(path)
            except OSError as error:
                if error.errno not in TAKEN:
                    raise
            else:
                return path
        raise _taken(self.path)

    def names(self) -> Iterator[Path]:
        """Yield the path, and where the name is ours others without end."""
        yield self.path
        name, dot, suffix = self.path.name.rpartition("Z.")
        for number in count(2) if self.is_ours else ():
            yield self.path.with_name(f"{name}Z-{number}{dot[1:]}{suffix}")


def destination_of(options: BackupOptions, *, database: str, at: datetime, tool: str | None) -> Destination:
    """Return where the archive goes; its folder is made (0700) where it is missing.

    A path that is a folder, or that has no suffix, is a folder: the archive gets the name of the database and the time.
    Raises NoBackup where something is there already, or where nothing may be written.
    """
    given = options.output.absolute()
    if not is_utf8(given):
        raise NoBackup(
            f"the name {shown(given)} is not in UTF-8", hint="Name another file, or a folder, with --output."
        )
    is_folder = given.is_dir() or (not given.exists() and not given.suffix)
    if is_folder:
        _make(given)
    _refuse_unusable(given if is_folder else given.parent)
    path = given / _name(options, database=database, at=at, tool=tool) if is_folder else given
    _refuse_too_long(path, tool)
    wanted = Destination(path=path, is_ours=is_folder)
    there = path
    for path in wanted.names():
        there = next((one for one in (path, *beside(path, tool)) if os.path.lexists(one)), Path())
        if there == Path():
            return Destination(path=path, is_ours=is_folder)
    raise _taken(there)


def _name(options: BackupOptions, *, database: str, at: datetime, tool: str | None) -> str:
    suffix = ".dir" if options.format == DIRECTORY else f".dump{ENDINGS[tool] if tool else ''}"
    safe = re.sub(r"[^\w.-]", "_", database).lstrip(".") or "database"
    return f"{safe}-{at:%Y%m%dT%H%M%SZ}{suffix}"


def beside(archive: Path, tool: str | None) -> tuple[Path, Path]:
    """Return where the manifest of an archive is, and its roles and settings; `tool` is what encrypts them."""
    roles = f"{archive.name}{ROLES}" + (f".{tool}" if tool else "")
    return manifest_of(archive), archive.with_name(roles)


def _refuse_too_long(path: Path, tool: str | None) -> None:
    """Raise NoBackup before the dump where a file beside the archive could not have its name."""
    longest = max(len(os.fsencode(hidden_name(one).name)) for one in (path, *beside(path, tool)))
    most = os.pathconf(path.parent, "PC_NAME_MAX")
    if longest > most:
        reason = f"its name would be too long by {longest - most} bytes, with those of the files beside it"
        raise NoBackup(reason, hint="Name another file, or a folder, with --output.")


def _taken(path: Path) -> NoBackup:
    return NoBackup(f"{path} is there already", hint="Name another file, or a folder, with --output.")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise NoBackup(f"the folder {folder} cannot be made ({error.strerror})") from None


def _refuse_unusable(folder: Path) -> None:
    if not folder.is_dir():
        raise NoBackup(f"there is no folder {folder}", hint=f"mkdir -m 700 {shlex.quote(str(folder))}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NoBackup(f"nothing may be written to {folder}", hint="Name another folder with --output.")
