"""`diagnose`: says after a deploy that failed or was killed where the database stands, and what to type next."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from migrations_safety.management.backup_arguments import add_place_arguments, places_of
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.written_formats import WITH_FINDINGS, with_findings
from migrations_safety.messages.progress import Progress
from migrations_safety.recovery.diagnosis import diagnosis
from migrations_safety.rendering import diagnosis_serialization, text
from migrations_safety.rendering.document import diagnosis_account


class Command(SafetyCommand):
    """Look at what a deploy has left, and name the next commands forward and back."""

    only_looks = True
    formats = WITH_FINDINGS
    help = (
        "Says after a deploy that failed or was killed where the database stands: which migrations are recorded and "
        "which are applied in part, what is NOT VALID or invalid, runs without an end, who holds or waits for locks, "
        "what killed runs have left, how far standbys and slots are behind, and how old the last backup is. Then the "
        "next commands, forward and back, in their order. Only reads, scans no large table, and works on a standby. "
        "Exit code 0: nothing to do; 1: something to do; 2: could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the places of backups."""
        super().add_arguments(parser)
        add_place_arguments(parser)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Look, and return the report as an Outcome."""
        expected = {name: options[name] for name in ("expect_database", "expect_schema")}
        report = diagnosis.run(using=options["database"], **expected, places=places_of(options), progress=progress)
        took = seconds()
        return Outcome(
            is_refused=report.verdict == "something to do",
            closing=f"diagnose: {report.verdict}.",
            text=partial(text.diagnosis, report, seconds=took),
            json=partial(diagnosis_serialization.diagnosis, report, seconds=took),
            **with_findings(report, diagnosis_account.diagnosis, seconds=took),
        )
