"""`backfill_placeholders`: creates a placeholder for each missing parent, and counts what it refuses."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from migrations_safety.backfill import backfill
from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.backfill.options import BackfillOptions
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.management.arguments import add_reading_arguments, scan_options, whole_number
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.commands.migrate import migrate_to
from migrations_safety.management.written_formats import FORMATS, written
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.rendering import serialization, text
from migrations_safety.rendering.document import backfill_account


class Command(SafetyCommand):
    """Create the parent rows that are missing, as placeholders."""

    formats = FORMATS
    help = (
        "Creates one placeholder row in the parent table for each distinct value of a referencing column that has no "
        "parent row yet. It writes in short transactions, so the application can go on working. If the command is "
        "killed, run it again: it continues where it stopped. If the migration that creates the parent table is "
        "pending, the command applies that migration first. Values that must not become placeholders are refused and "
        "counted. Exit code 0: no value was refused; 1: some values were refused, and their rows were left as they "
        "were; 2: the command could not finish, and can be run again."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options that say what to do with orphans, and how fast."""
        super().add_arguments(parser)
        add_reading_arguments(parser)
        help = "count what would be created, set to NULL or refused, and write nothing"
        parser.add_argument("--dry-run", action="store_true", help=help)
        help = "maximum number of rows that one transaction writes (default: as many as fit into --batch-time)"
        parser.add_argument("--batch-size", type=whole_number("rows", least=1, most=100_000), metavar="ROWS", help=help)
        help = "target duration of one transaction (default: 250); the number of rows per transaction adapts to it"
        parser.add_argument(
            "--batch-time", type=whole_number("milliseconds", least=1), default=250, metavar="MILLISECONDS", help=help
        )
        help = "pause while a standby lags by more than SECONDS, or while WAL archiving fails (default: 30; 0: never)"
        parser.add_argument(
            "--max-lag", type=whole_number("seconds", least=0), default=30, metavar="SECONDS", help=help
        )
        help = (
            "set every value in TABLE whose parent row does not exist to NULL, instead of creating a placeholder row "
            "for it; the column must be nullable, and the old values are kept for --restore-nullified; give the option "
            "once for each table"
        )
        parser.add_argument("--nullify", action="append", default=[], metavar="TABLE", help=help)
        help = "write back the values that earlier runs with --nullify set to NULL, and do nothing else"
        parser.add_argument("--restore-nullified", action="store_true", help=help)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Create the placeholders, or with `--restore-nullified` write back the values that were set to NULL."""
        if options["restore_nullified"] and (options["nullify"] or options["dry_run"]):
            raise CommandError("--restore-nullified works alone; leave out --nullify and --dry-run.")
        report = self._report(options, progress)
        made = pluralize(report.created, "placeholder")
        return Outcome(
            is_refused=report.is_refused,
            closing=f"backfill_placeholders: {report.verdict}{'' if report.is_restore else f', {made}'}.",
            text=partial(text.backfill, report, seconds=seconds()),
            json=partial(serialization.backfill, report, seconds=seconds()),
            formats=written(partial(backfill_account.backfill, report, seconds=seconds(), at=now())),
        )

    def _report(self, options: dict[str, Any], progress: Progress) -> BackfillReport:
        using, batching = options["database"], _batch_options(options)
        expected = {"expect_database": options["expect_database"], "expect_schema": options["expect_schema"]}
        if options["restore_nullified"]:
            return backfill.restore(using=using, **expected, batching=batching, progress=progress)
        wanted = BackfillOptions(
            nullify=tuple(dict.fromkeys(options["nullify"])),
            dry_run=options["dry_run"],
            batching=batching,
            scan=scan_options(options),
        )
        return backfill.run(using=using, migrate=migrate_to, **expected, options=wanted, progress=progress)


def _batch_options(options: dict[str, Any]) -> BatchOptions:
    return BatchOptions(
        batch_size=options["batch_size"], batch_time=options["batch_time"] / 1000, max_lag=options["max_lag"]
    )
