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
        "Looks at what `migrate` with the same arguments would do on this database, and whether it may: the catalog, "
        "the rights, who is using the tables, and every value that a new foreign key will have to hold for. "
        "Reads only, in one snapshot. Exit code 0: nothing blocks; 1: blocked by findings; 2: could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The arguments of migrate, and how strict to be."""
        super().add_arguments(parser)
        add_reading_arguments(parser)
        parser.add_argument("app_label", nargs="?", help="only this app's migrations, as in migrate")
        parser.add_argument("migration_name", nargs="?", help="up to this migration, as in migrate")
        help = "as in migrate: an initial migration whose tables are there already is recorded, not run"
        parser.add_argument("--fake-initial", action="store_true", help=help)
        help = "the level that blocks: error (default), or warning for both"
        parser.add_argument("--fail-level", choices=("warning", "error"), default="error", help=help)
        depth = parser.add_mutually_exclusive_group()
        help = "read the catalog only: fast, but orphans are not known"
        depth.add_argument("--no-data", dest="depth", action="store_const", const=Depth.CATALOG, help=help)
        help = (
            "a first look in milliseconds at any size, from statistics and a few index entries; it proves nothing, so "
            "it always ends with exit code 1 where there is something to count"
        )
        depth.add_argument("--approximate", dest="depth", action="store_const", const=Depth.ESTIMATE, help=help)
        help = "show up to 100 orphan identifiers, on your terminal only; they are patient data"
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
            raise CommandError("--show-ids looks at the data: not with --no-data or --approximate.")
        if options["show_ids"] and (options["output"] or options["format"] == "json" or not self.stdout.isatty()):
            raise CommandError(
                "--show-ids shows patient data: only as text, only on a terminal, not into a file or pipe."
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
