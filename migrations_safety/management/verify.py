"""The base of commands that verify one app's schema; the app names its command as its users would."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from migrations_safety.management.arguments import add_reading_arguments, scan_options
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.messages.progress import Progress
from migrations_safety.rendering import serialization, text
from migrations_safety.verification import verification


class VerifySchemaCommand(SafetyCommand):
    """Subclass it and set `app_label` (of a registered schema) and `name` (the command's own)."""

    app_label: str
    name: str
    help = (
        "Compares every table, column, type, default, index, key, rule and enum label with what the models declare, by "
        "definition, and counts references without a parent again, because a validity flag is no proof. Reads only, in "
        "one snapshot. Exit code 0: as declared; 1: drift; 2: could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to read."""
        super().add_arguments(parser)
        add_reading_arguments(parser)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Run the verification."""
        report = verification.run(
            using=options["database"],
            app_label=self.app_label,
            expect_database=options["expect_database"],
            expect_schema=options["expect_schema"],
            reading=scan_options(options),
            progress=progress,
        )
        return Outcome(
            is_refused=report.verdict == "drift",
            closing=f"{self.name}: {report.verdict}.",
            text=partial(text.verification, report, seconds=seconds()),
            json=partial(serialization.verification, report, command=self.name, seconds=seconds()),
        )
