"""The base class of the commands about what was kept instead of dropped."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from migrations_safety.management.arguments import whole_number
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.written_formats import WITH_FINDINGS, with_findings
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.options import Listener, LockOptions
from migrations_safety.recovery.kept.options import KeptOptions
from migrations_safety.recovery.kept.report import KeptReport
from migrations_safety.rendering import kept_serialization, text
from migrations_safety.rendering.document import kept_account


class KeptCommand(SafetyCommand):
    """A command that works on what was kept; `name` is the name of the command."""

    name: str
    formats = WITH_FINDINGS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the numbers and the waits for locks."""
        help = "number of a kept table, column or type, as --list shows it (default: all)"
        parser.add_argument("numbers", nargs="*", type=whole_number("number", least=1), metavar="NUMBER", help=help)
        super().add_arguments(parser)
        help = "only list what is kept, and change nothing"
        parser.add_argument("--list", action="store_true", help=help)
        help = "how long to go on trying for a lock, and to wait for another deploy on this database (default: 600)"
        parser.add_argument(
            "--retry-for", type=whole_number("seconds", least=0), default=600, metavar="SECONDS", help=help
        )
        help = "cancel a statement once another session waits longer than this behind it (default: 200; 0: never)"
        parser.add_argument(
            "--max-stall", type=whole_number("milliseconds", least=0), default=200, metavar="MILLISECONDS", help=help
        )

    def work(self, options: KeptOptions, listener: Listener) -> KeptReport:
        """Do the work of the command, and return its report."""
        raise NotImplementedError

    def asked(self, options: dict[str, Any]) -> dict[str, Any]:
        """The arguments of KeptOptions that this command has alone."""
        return {}

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Work, and return the report as an Outcome."""
        locks = LockOptions(
            max_stall=options["max_stall"] / 1000, retry_for=options["retry_for"], deploy_wait=options["retry_for"]
        )
        wanted = KeptOptions(
            using=options["database"],
            numbers=tuple(options["numbers"]),
            only_looks=options["list"],
            expect_database=options["expect_database"],
            expect_schema=options["expect_schema"],
            locks=locks,
            **self.asked(options),
        )
        report = self.work(wanted, Listener(progress=progress))
        return Outcome(
            is_refused=report.is_refused,
            closing=f"{self.name}: {report.verdict}.",
            text=partial(text.kept, report, seconds=seconds()),
            json=partial(kept_serialization.kept, report, seconds=seconds()),
            **with_findings(report, kept_account.kept, seconds=seconds()),
        )
