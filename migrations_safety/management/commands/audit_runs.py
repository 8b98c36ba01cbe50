"""`audit_runs`: lists the recorded runs, and checks that nobody changed the record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.timezone import now

from migrations_safety.audit import audit
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.written_formats import FORMATS, written_audit
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.rendering import serialization, text
from migrations_safety.rendering.document import audit_account


class Command(SafetyCommand):
    """List the runs in `migrations_safety_run`, and check the hashes of the events."""

    only_looks = True
    formats = FORMATS
    help = (
        "Lists each run of migrate or backfill_placeholders that changed something: when it ran, who started it and "
        "from where, its arguments, its counts and its outcome. Also checks the table that holds these records: each "
        "event carries the hash of the event before it, so the command notices if an event was changed, removed or "
        "moved. It has no formats for CI, because a failed run stays in the record for ever; diagnose has them. Exit "
        "code 0: the record is unchanged; 1: the record was changed; 2: the record could not be read."
    )

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Read the record of runs, and return the report on it as an Outcome."""
        expected = {name: options[name] for name in ("expect_database", "expect_schema")}
        report = audit.run(using=options["database"], **expected)
        words = "the record was changed" if report.changes else "the record holds"
        if not report.exists:
            words = "there is no record"
        return Outcome(
            is_refused=bool(report.changes),
            closing=f"audit_runs: {pluralize(len(report.runs), 'run')}, {words}.",
            text=partial(text.audit, report),
            json=partial(serialization.audit, report, seconds=seconds()),
            formats=written_audit(partial(audit_account.audit, report, seconds=seconds(), at=now()), report),
        )
