"""Where an archive goes: the file that was named, or a name of ours in the folder that was named."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from migrations_safety.backup.manifest import DIRECTORY, manifest_of
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.whole_file import PRIVATE_FOLDER
from migrations_safety.messages.refusals.backup import NoBackup

ENDINGS = {"age": ".age", "gpg": ".gpg"}


def archive_path(options: BackupOptions, *, database: str, at: datetime, tool: str | None) -> Path:
    """Return the path of the archive; its folder is made (0700) where it is missing.

    A path that is a folder, or that has no suffix, is a folder: the archive gets the name of the database and the time.
    Raises NoBackup where something is there already, or where nothing may be written.
    """
    given = options.output
    is_folder = given.is_dir() or (not given.exists() and not given.suffix)
    if is_folder:
        suffix = ".dir" if options.format == DIRECTORY else f".dump{ENDINGS[tool] if tool else ''}"
        safe = re.sub(r"[^\w.-]", "_", database).lstrip(".") or "database"
        path = given / f"{safe}-{at:%Y%m%dT%H%M%SZ}{suffix}"
    else:
        path = given
    path = path.absolute()
    try:
        if is_folder:
            path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise NoBackup(f"the folder {path.parent} cannot be made ({error.strerror})") from None
    _refuse_unusable(path)
    return path


def _refuse_unusable(path: Path) -> None:
    if not path.parent.is_dir():
        raise NoBackup(f"there is no folder {path.parent}", hint=f"mkdir -m 700 {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise NoBackup(f"nothing may be written to {path.parent}", hint="Name another folder with --output.")
    for one in (path, manifest_of(path)):
        if os.path.lexists(one):
            raise NoBackup(f"{one} is there already", hint="Name another file, or a folder, with --output.")
