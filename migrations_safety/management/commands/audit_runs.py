"""`audit_runs`: who changed what, and does the record hold?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from migrations_safety.audit import audit
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.rendering import serialization, text


class Command(SafetyCommand):
    """List the recorded runs."""

    help = (
        "Lists each run that changed something: when, who, from where, its arguments, counts and outcome. Checks the "
        "record too: each event carries the hash of the one before it, so a changed, removed or reordered event "
        "shows. Exit code 0: the record holds; 1: the record was changed; 2: could not look."
    )

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Read the record."""
        expected = {name: options[name] for name in ("expect_database", "expect_schema")}
        report = audit.run(using=options["database"], **expected)
        words = "the record was changed" if report.findings else "the record holds"
        if not report.exists:
            words = "there is no record"
        return Outcome(
            is_refused=bool(report.findings),
            closing=f"audit_runs: {pluralize(len(report.runs), 'run')}, {words}.",
            text=partial(text.audit, report),
            json=partial(serialization.audit, report, seconds=seconds()),
        )
