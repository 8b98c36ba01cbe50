"""`backfill_placeholders`: every reference gets its parent, or is refused and counted."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.backfill import backfill
from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.backfill.options import BackfillOptions
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.management.arguments import add_reading_arguments, scan_options, whole_number
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.commands.migrate import migrate_to
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.rendering import serialization, text


class Command(SafetyCommand):
    """Make the parents that references point at."""

    help = (
        "Creates one placeholder for each distinct reference without a parent, in short batches beside a running "
        "application. It can be killed and run again. It first applies the migration that creates the parents' tables, "
        "if that is pending. References that must not become placeholders are refused and counted. Exit code 0: every "
        "reference is covered; 1: something was refused, nothing is lost; 2: could not finish, and can be run again."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """What to do with orphans, and how."""
        super().add_arguments(parser)
        add_reading_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="count what would be done and write nothing")
        help = "maximum number of rows per transaction (default: as many as fit into --batch-time)"
        parser.add_argument("--batch-size", type=whole_number("rows", least=1, most=100_000), metavar="ROWS", help=help)
        help = "target duration of one transaction (default: 250); the size of a batch adapts to it"
        parser.add_argument(
            "--batch-time", type=whole_number("milliseconds", least=1), default=250, metavar="MILLISECONDS", help=help
        )
        help = "pause while a standby lags further behind, or WAL archiving fails (default: 30; 0: never pause)"
        parser.add_argument(
            "--max-lag", type=whole_number("seconds", least=0), default=30, metavar="SECONDS", help=help
        )
        help = "set orphan references of TABLE to NULL instead (nullable columns only; keeps old values; repeatable)"
        parser.add_argument("--nullify", action="append", default=[], metavar="TABLE", help=help)
        help = "restore the values that --nullify set to NULL, and do nothing else"
        parser.add_argument("--restore-nullified", action="store_true", help=help)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Run the backfill, or put back what one set to NULL."""
        if options["restore_nullified"] and (options["nullify"] or options["dry_run"]):
            raise CommandError("--restore-nullified works alone; leave out --nullify and --dry-run.")
        report = self._report(options, progress)
        made = pluralize(report.created, "placeholder")
        return Outcome(
            is_refused=report.is_refused,
            closing=f"backfill_placeholders: {report.verdict}{'' if report.is_restore else f', {made}'}.",
            text=partial(text.backfill, report, seconds=seconds()),
            json=partial(serialization.backfill, report, seconds=seconds()),
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
