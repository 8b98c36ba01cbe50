"""`precheck`: would migrate be safe on this database as it is now?"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.management.arguments import add_reading_arguments, scan_options
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth
from migrations_safety.rendering import serialization, text

SHOWN_IDS = 100


class Command(SafetyCommand):
    """Look before migrating."""

    help = (
        "Checks what `migrate` with the same arguments would do on this database, and whether it may. Reads the "
        "catalog, privileges, sessions that use the tables, and every value that a new foreign key must cover. "
        "Changes nothing, and reads in one snapshot. Exit code 0: nothing blocks; 1: findings block; 2: could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The arguments of migrate, and how strict to be."""
        super().add_arguments(parser)
        add_reading_arguments(parser)
        parser.add_argument("app_label", nargs="?", help="app whose migrations to check, as in migrate")
        parser.add_argument("migration_name", nargs="?", help="migration to go to, as in migrate")
        help = "judge what migrate --fake-initial does: an initial migration whose tables exist is only recorded"
        parser.add_argument("--fake-initial", action="store_true", help=help)
        help = "lowest level that blocks: error (default), or warning for both"
        parser.add_argument("--fail-level", choices=("warning", "error"), default="error", help=help)
        depth = parser.add_mutually_exclusive_group()
        help = "read only the catalog: fast, but orphans stay unknown"
        depth.add_argument("--no-data", dest="depth", action="store_const", const=Depth.CATALOG, help=help)
        help = (
            "estimate from statistics and a few index entries, in milliseconds at any size; this proves nothing, so "
            "the exit code is 1 wherever there are references to count"
        )
        depth.add_argument("--approximate", dest="depth", action="store_const", const=Depth.ESTIMATE, help=help)
        help = "print up to 100 orphan identifiers, which are patient data, to your terminal"
        parser.add_argument("--show-ids", action="store_true", help=help)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Run the precheck."""
        self._refuse_to_show_ids(options)
        report = precheck.run(
            using=options["database"],
            expect_database=options["expect_database"],
            expect_schema=options["expect_schema"],
            options=_precheck_options(options),
            progress=progress,
        )
        return Outcome(
            is_refused=bool(report.blocking),
            closing=f"precheck: {report.verdict}, {pluralize(len(report.blocking), 'blocking finding')}.",
            text=partial(text.precheck, report, seconds=seconds()),
            json=partial(serialization.precheck, report, seconds=seconds()),
        )

    def _refuse_to_show_ids(self, options: dict[str, Any]) -> None:
        if options["show_ids"] and options["depth"]:
            raise CommandError("--show-ids reads the data; leave out --no-data and --approximate.")
        if options["show_ids"] and (options["output"] or options["format"] == "json" or not self.stdout.isatty()):
            raise CommandError(
                "--show-ids prints patient data; it needs --format text and a terminal, not a file or pipe."
            )


def _precheck_options(options: dict[str, Any]) -> PrecheckOptions:
    return PrecheckOptions(
        app_label=options["app_label"],
        migration_name=options["migration_name"],
        fake_initial=options["fake_initial"],
        depth=options["depth"] or Depth.COUNT,
        scan=scan_options(options),
        is_marked=options["format"] == "json",
        show_ids=SHOWN_IDS if options["show_ids"] else 0,
        fail_level=Level(options["fail_level"]),
    )
