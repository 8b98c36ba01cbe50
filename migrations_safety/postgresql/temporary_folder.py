"""Chooses the folder for what is only needed for a while, and tells whether it is in memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

NAMED_BY = ("TMPDIR", "TEMP", "TMP")
"""The variables with which a person names the folder."""
ON_DISK = Path("/var/tmp")
"""Where systems keep temporary files on a disk whose /tmp is in memory."""
IN_MEMORY = ("tmpfs", "ramfs")
MOUNTS, MEMORY = Path("/proc/self/mountinfo"), Path("/proc/meminfo")


def temporary_folder() -> Path:
    """Return the folder that a person has named; else the system's, or one on a disk where that is in memory."""
    usual = Path(tempfile.gettempdir())
    if any(os.environ.get(name) for name in NAMED_BY) or not is_in_memory(usual):
        return usual
    is_usable = ON_DISK.is_dir() and os.access(ON_DISK, os.W_OK | os.X_OK) and not is_in_memory(ON_DISK)
    return ON_DISK if is_usable else usual


def temporary_folders() -> list[Path]:
    """Return the folders in which earlier runs may have worked."""
    return list(dict.fromkeys((Path(tempfile.gettempdir()), temporary_folder(), ON_DISK)))


def is_in_memory(folder: Path) -> bool:
    """Return whether the files of a folder are kept in memory; False where the system does not say it."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:  # not Linux
        return False
    kinds = [line.partition(" - ")[2].split(" ")[0] for line in lines if line.split(" ")[2] == number]
    return any(kind in IN_MEMORY for kind in kinds)


def available_memory() -> int | None:
    """Return how many bytes of memory programs may still take; None where the system does not say it."""
    try:
        lines = MEMORY.read_text().splitlines()
    except OSError:  # not Linux
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None
