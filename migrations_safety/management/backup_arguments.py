"""The options of the backup that a deploy makes, requires or looks for."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings

from migrations_safety.backup.evidence.values import Places
from migrations_safety.backup.manifest import Proof
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.requirement import Requirement
from migrations_safety.management.arguments import duration, named

LEVELS = ", ".join(one.word for one in Proof)


def add_backup_arguments(parser: ArgumentParser) -> None:
    """Add the options of `migrate`: a backup that is made first, and one that is required."""
    help = (
        "make a backup (as backup_database does, with its restore test) in DIR before anything is changed, and put its "
        "name and checksum into the record of runs; without it nothing is changed"
    )
    parser.add_argument("--backup", type=named, metavar="DIR", help=help)
    help = (
        "refuse (exit code 1) unless this database has a backup that is younger than AGE (90m, 24h, 3d), was tried up "
        f"to LEVEL ({LEVELS}; default: restored) and is as it was written"
    )
    parser.add_argument("--require-backup", type=requirement, metavar="AGE[,LEVEL]", help=help)
    add_place_arguments(parser)


def add_place_arguments(parser: ArgumentParser) -> None:
    """Add the option that names where backups are."""
    help = (
        "where to look for backups: a folder or an archive of backup_database, pgbackrest:STANZA, barman:SERVER or "
        "signed:FILE; may be repeated (default: the setting MIGRATIONS_SAFETY_BACKUPS); archives in the record of runs "
        "are always looked for"
    )
    parser.add_argument("--backups", type=named, action="append", default=[], metavar="WHERE", help=help)


def requirement(text: str) -> Requirement:
    """The requirement that `24h` or `24h,compared` names; raises ArgumentTypeError for other text."""
    age, comma, level = text.partition(",")
    if comma and level not in {one.word for one in Proof}:
        raise ArgumentTypeError(f"a level of proof, one of {LEVELS}: for example 24h,restored")
    return Requirement(max_age=duration(age), least=Proof.of(level) if comma else Proof.RESTORED)


def backup_options(options: dict[str, Any]) -> BackupOptions | None:
    """The backup that `--backup` asks for."""
    return BackupOptions(output=Path(options["backup"]), is_required=True) if options["backup"] else None


def places_of(options: dict[str, Any]) -> Places:
    """The places of `--backups`, or those of the setting, with the keys that may sign."""
    where = options["backups"] or getattr(settings, "MIGRATIONS_SAFETY_BACKUPS", ())
    keys = getattr(settings, "MIGRATIONS_SAFETY_BACKUP_KEYS", ())
    return Places(where=tuple(str(one) for one in where), keys=tuple(str(one) for one in keys))
