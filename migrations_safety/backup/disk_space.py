"""Looks at the free space of disks: before a dump or a restore, and while it runs."""

from __future__ import annotations

import os
from pathlib import Path

from migrations_safety.messages.humanize import format_bytes
from migrations_safety.messages.refusals.backup import DiskTooSmall
from migrations_safety.postgresql.temporary_folder import available_memory, is_in_memory

BEST_COMPRESSION = 10
"""A dump is hardly ever smaller than a tenth of its tables: where not even that fits, it is not begun."""
RESERVE, SHARE = 512 * 1024**2, 0.05
"""What stays free for others on the same disk: this many bytes, or this share of a small disk."""
RESTORED_SIZE = 1.3
"""How much a restored database may need of the original's size: tables, indexes and what their building needs."""


def free_bytes(folder: Path) -> int:
    """Return how many bytes this user may still write on the disk of a folder; in memory half of what is left."""
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    memory = available_memory() if is_in_memory(folder) else None
    return free if memory is None else min(free, memory // 2)


def reserve(folder: Path) -> int:
    """Return how many bytes of a disk we leave to others."""
    found = os.statvfs(folder)
    return int(min(RESERVE, found.f_blocks * found.f_frsize * SHARE))


def too_little_space(folder: Path, *, bytes: float) -> str:
    """Return that a restored database of so many bytes has no room on the disk of a folder, empty where it has."""
    needed, free = int(bytes * RESTORED_SIZE), free_bytes(folder) - reserve(folder)
    if free >= needed:
        return ""
    words = f"{format_bytes(max(0, free))} are free there, and {format_bytes(needed)} are needed"
    return f"too little space in {folder}: {words}"


def refuse_small_disk(folder: Path, *, bytes: int) -> None:
    """Raise DiskTooSmall where an archive of tables with so many bytes cannot fit."""
    needed = bytes // BEST_COMPRESSION
    if free_bytes(folder) - reserve(folder) < needed:
        words = f"an archive of tables with {format_bytes(bytes)} needs at least {format_bytes(needed)}"
        raise DiskTooSmall(where=folder, free=format_bytes(max(0, free_bytes(folder))), needed=words)


def refuse_full_disk(folder: Path, *, is_full: bool = False) -> None:
    """Raise DiskTooSmall where a disk is full, or has only left what we leave to others."""
    free = free_bytes(folder)
    if is_full or free < reserve(folder):
        words = f"the dump was ended before the disk was full; {format_bytes(reserve(folder))} stay for others"
        if is_full:
            words = "the dump needs more"
        raise DiskTooSmall(where=folder, free=format_bytes(free), needed=words)
