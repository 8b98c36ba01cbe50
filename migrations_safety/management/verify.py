"""The base classes of the commands that compare the database with the models."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from migrations_safety.management.arguments import add_reading_arguments, scan_options
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.written_formats import WITH_FINDINGS, with_findings
from migrations_safety.messages.progress import Progress
from migrations_safety.rendering import serialization, text
from migrations_safety.rendering.document import verification_account
from migrations_safety.rendering.document.account import Account
from migrations_safety.verification import verification
from migrations_safety.verification.report import VerificationReport
from migrations_safety.verification.scope import Scope, of_registered


class VerificationCommand(SafetyCommand):
    """A command that compares the database with the models; `name` is the name of the command."""

    name: str
    only_looks = True
    formats = WITH_FINDINGS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that limit how fast the command reads large tables."""
        super().add_arguments(parser)
        add_reading_arguments(parser)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Compare, and return the report as an Outcome."""
        report = verification.run(
            self.scope_on(options),
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
            **with_findings(report, self._account, seconds=seconds()),
        )

    def _account(self, report: VerificationReport, *, seconds: float, at: datetime) -> Account:
        return verification_account.verification(report, command=self.name, seconds=seconds, at=at)

    def scope_on(self, options: dict[str, Any]) -> Callable[[str], Scope]:
        """What gives, for a database alias, the models and foreign keys to compare."""
        raise NotImplementedError

    def as_json(self, report: VerificationReport, *, seconds: float) -> dict[str, Any]:
        """The report as a dict for JSON."""
        raise NotImplementedError


class VerifySchemaCommand(VerificationCommand):
    """The base of a command for one app: a subclass sets `app_label` and `name`.

    The app must have registered its schema (`migrations_safety.registry`).
    """

    app_label: str
    help = (
        "Compares the tables, columns, types, defaults, indexes, constraints, foreign keys and enums of one app with "
        "its models, by definition and not by name; foreign keys of other apps to these tables too. Also counts the "
        "rows whose parent row does not exist (orphans), even if a foreign key is marked as valid: that mark does not "
        "prove that there are none. Changes nothing, and reads everything in one snapshot. Exit code 0: the database "
        "is as the models declare; 1: it differs, or there are orphans; 2: the comparison could not be done."
    )

    def scope_on(self, options: dict[str, Any]) -> Callable[[str], Scope]:
        """The tables that the app registered."""
        return of_registered(self.app_label)

    def as_json(self, report: VerificationReport, *, seconds: float) -> dict[str, Any]:
        """The report as a dict for JSON."""
        return serialization.verification(report, command=self.name, seconds=seconds)
