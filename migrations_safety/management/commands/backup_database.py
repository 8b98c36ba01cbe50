"""`backup_database`: dumps a database, and tries the archive by restoring it."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.backup import backup
from migrations_safety.backup.manifest import CUSTOM, DIRECTORY
from migrations_safety.backup.options import MAX_RESTORE_SECONDS, BackupOptions
from migrations_safety.management.arguments import (
    add_report_arguments,
    add_target_arguments,
    duration,
    named,
    whole_number,
)
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.written_formats import WITH_FINDINGS, with_findings
from migrations_safety.messages.progress import Progress
from migrations_safety.rendering import backup_serialization, text
from migrations_safety.rendering.document import backup_account

RESTORE_TIME = timedelta(seconds=MAX_RESTORE_SECONDS)


class Command(SafetyCommand):
    """Back up a database, restore the archive into a scratch database, and compare."""

    formats = WITH_FINDINGS
    help = (
        "Dumps the database with pg_dump into an archive that appears whole or not at all, with a manifest beside it: "
        "checksum, snapshot, and the row count of every table. Then it restores the archive into a scratch database "
        "and compares rows and definitions. Exit code 0: the archive is there and stood its trial as far as it was "
        "tried; 1: the archive is there and failed its trial; 2: there is no archive."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options of a backup. `--output` is the archive here; `--report` writes reports to files."""
        add_target_arguments(parser)
        add_report_arguments(parser, self.formats, is_output=False)
        help = "the archive, or a folder that gets it under the name of the database and the time; never overwritten"
        parser.add_argument("--output", dest="archive", type=named, required=True, metavar="DIR_OR_FILE", help=help)
        help = "write a folder (pg_dump's directory format) with this many tables at once, and restore as many at once"
        parser.add_argument("--jobs", type=whole_number("processes", least=1, most=64), metavar="NUMBER", help=help)
        help = (
            "restore the archive into a scratch database and compare; without a place for it the exit code is 1 "
            "(default: where space and time allow)"
        )
        parser.add_argument("--restore-test", action=BooleanOptionalAction, help=help)
        help = "encrypt the archive to this recipient of age (age1…, ssh-…) or this key of gpg, after it was restored"
        parser.add_argument("--encrypt-to", type=named, metavar="RECIPIENT", help=help)
        help = "URL of an empty PostgreSQL database for the restore test; it is emptied again"
        parser.add_argument("--scratch-url", type=named, metavar="URL", help=help)
        help = "give the restore up after this time, such as 90m (default: 2h)"
        parser.add_argument("--max-restore-time", type=duration, default=RESTORE_TIME, metavar="DURATION", help=help)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Make the backup, and return the report on it as an Outcome."""
        expected = {name: options[name] for name in ("expect_database", "expect_schema")}
        report = backup.run(using=options["database"], options=_options(options), progress=progress, **expected)
        return Outcome(
            is_refused=report.is_refused,
            closing=f"backup_database: {report.verdict}, {report.manifest.path}.",
            text=partial(text.backup, report, seconds=seconds()),
            json=partial(backup_serialization.backup, report, seconds=seconds()),
            **with_findings(report, backup_account.backup, seconds=seconds()),
        )


def _options(options: dict[str, Any]) -> BackupOptions:
    if options["scratch_url"] and options["restore_test"] is False:
        raise CommandError("--scratch-url is only for a restore test; leave out --no-restore-test.")
    if options["encrypt_to"] and options["jobs"]:
        raise CommandError("--encrypt-to needs an archive of one file; leave out --jobs.")
    return BackupOptions(
        output=Path(options["archive"]),
        format=DIRECTORY if options["jobs"] else CUSTOM,
        jobs=options["jobs"] or 1,
        restore_test=options["restore_test"],
        scratch_url=options["scratch_url"],
        encrypt_to=options["encrypt_to"],
        max_restore_seconds=options["max_restore_time"].total_seconds(),
    )
