"""What commands that verify a schema have in common, and the base of those that verify a registered one."""

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
from migrations_safety.verification.report import VerificationReport


class VerificationCommand(SafetyCommand):
    """A command that compares a schema with the models; `name` is the command's own."""

    name: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to read."""
        super().add_arguments(parser)
        add_reading_arguments(parser)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Run the verification."""
        report = self.verify(
            options,
            using=options["database"],
            expect_database=options["expect_database"],
            expect_schema=options["expect_schema"],
            reading=scan_options(options),
            progress=progress,
        )
        return Outcome(
            is_refused=report.verdict == "drift",
            closing=f"{self.name}: {report.verdict}.",
            text=partial(text.verification, report, seconds=seconds()),
            json=lambda: self.as_json(report, seconds=seconds()),
        )

    def verify(self, options: dict[str, Any], **how: Any) -> VerificationReport:
        """The call into the domain; `how` is what all verifications take."""
        raise NotImplementedError

    def as_json(self, report: VerificationReport, *, seconds: float) -> dict[str, Any]:
        """The report as JSON."""
        raise NotImplementedError


class VerifySchemaCommand(VerificationCommand):
    """Subclass it and set `app_label` (of a registered schema) and `name`."""

    app_label: str
    help = (
        "Compares every table, column, type, default, index, key, rule and enum label with the models, by definition. "
        "Counts orphans again, because a validity flag is no proof. Reads only, in one snapshot. "
        "Exit code 0: as declared; 1: drift; 2: could not look."
    )

    def verify(self, options: dict[str, Any], **how: Any) -> VerificationReport:
        """What the app registered."""
        return verification.run(app_label=self.app_label, **how)

    def as_json(self, report: VerificationReport, *, seconds: float) -> dict[str, Any]:
        """Its JSON."""
        return serialization.verification(report, command=self.name, seconds=seconds)
