"""The base class of the commands that roll back."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from migrations_safety.management.arguments import add_measuring_arguments, measure_options, named, whole_number
from migrations_safety.management.backup_arguments import add_place_arguments, places_of
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.kept_arguments import add_keeping_argument
from migrations_safety.management.traffic_arguments import hot_tables
from migrations_safety.management.written_formats import WITH_FINDINGS, with_findings
from migrations_safety.measurement.options import NOT_WANTED
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.options import Listener, LockOptions
from migrations_safety.recovery.rollback import rollback
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.rendering import rollback_serialization, text
from migrations_safety.rendering.document import rollback_account

NEEDS_BACKUP = "this needs a backup of level `restored` that is younger than an hour (backup_database)"
NEEDS = f"{NEEDS_BACKUP}, and refuses any other number"


class RollbackCommand(SafetyCommand):
    """A command that unapplies migrations and loses no row unasked; `name` is the name of the command."""

    name: str
    formats = WITH_FINDINGS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options of a rollback."""
        super().add_arguments(parser)
        add_measuring_arguments(parser)
        help = (
            "look only: print the SQL, the locks that it takes as measured on a scratch database, the other apps that "
            "it reaches, and what would be lost; change nothing"
        )
        parser.add_argument("--dry-run", action="store_true", help=help)
        help = "how long to go on trying for a lock, and to wait for another deploy on this database (default: 600)"
        parser.add_argument(
            "--retry-for", type=whole_number("seconds", least=0), default=600, metavar="SECONDS", help=help
        )
        help = "cancel a statement once another session waits longer than this behind it (default: 200; 0: never)"
        parser.add_argument(
            "--max-stall", type=whole_number("milliseconds", least=0), default=200, metavar="MILLISECONDS", help=help
        )
        help = (
            "roll back although exactly so many references that --nullify has set to NULL cannot be restored; their "
            "earlier values stay kept"
        )
        parser.add_argument("--leave-nullified", type=whole_number("references", least=1), metavar="NUMBER", help=help)
        help = (
            "let the code of this migration delete and change rows of tables that stay, when it is unapplied (may be "
            f"repeated); {NEEDS_BACKUP}"
        )
        parser.add_argument("--accept-code", type=named, action="append", default=[], metavar="APP.NAME", help=help)
        add_place_arguments(parser)
        add_keeping_argument(parser)

    def asked(self, options: dict[str, Any]) -> dict[str, Any]:
        """The arguments of RollbackOptions that differ from command to command."""
        raise NotImplementedError

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Roll back, or look with `--dry-run`, and return the report as an Outcome."""
        measure, asked = measure_options(options), self.asked(options)
        wanted = RollbackOptions(
            using=options["database"],
            command=self.name,
            dry_run=options["dry_run"],
            expect_database=options["expect_database"],
            expect_schema=options["expect_schema"],
            measure=measure if options["dry_run"] else NOT_WANTED,
            places=places_of(options),
            locks=LockOptions(
                max_stall=options["max_stall"] / 1000,
                retry_for=options["retry_for"],
                deploy_wait=options["retry_for"],
                hot_tables=hot_tables(),
            ),
            keep_dropped=options["keep_dropped"],
            leave_nullified=options["leave_nullified"],
            accepted_code=tuple(options["accept_code"]),
            **asked,
        )
        report = rollback.run(wanted, listener=Listener(progress=progress, notice=self._say, warning=self._say))
        return Outcome(
            is_refused=report.is_refused,
            closing=f"{self.name}: {report.verdict}.",
            text=partial(text.rollback, report, seconds=seconds()),
            json=partial(rollback_serialization.rollback, report, seconds=seconds()),
            **with_findings(report, rollback_account.rollback, seconds=seconds()),
        )

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence, str)
