"""What the tests of `rehearse` have in common: archives to begin from, and copies that may not stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SUFFIX = ".manifest.json"


def copies(database: Any) -> list[str]:
    """The names of all copies on the server."""
    return [name for (name,) in database.rows("SELECT datname FROM pg_database WHERE datname ~ '^confidential_copy_'")]


def archive_of(database: Any, folder: Path, *arguments: str) -> Path:
    """Back up into an empty folder, with the level `read`."""
    done = database.run("backup_database", "--output", str(folder), "--no-progress", "--no-restore-test", *arguments)
    assert done.code == 0, done.said
    [manifest] = folder.glob(f"*{SUFFIX}")
    return manifest.with_name(manifest.name.removesuffix(SUFFIX))


def manifest_of(archive: Path) -> Path:
    return archive.with_name(archive.name + SUFFIX)


def used_backup(archive: Path) -> dict[str, Any]:
    """What a report says of the archive that its copy came from, but for its age."""
    manifest = json.loads(manifest_of(archive).read_text())
    return {"name": archive.name, "sha256": manifest["archive"]["sha256"], "proof": "read"} | {
        "taken_at": manifest["taken_at"]
    }
