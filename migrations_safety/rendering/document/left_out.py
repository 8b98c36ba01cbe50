"""Says what a report leaves out, and on what it cannot be relied, for the text and the document alike."""

from __future__ import annotations

from migrations_safety.messages.humanize import pluralize
from migrations_safety.precheck.report import PrecheckReport

SHOWN_OBJECTS = 5
"""How many objects that differ from the applied migrations are named before the plan; all of them are findings."""


def left_out(report: PrecheckReport) -> tuple[str, ...]:
    """Return how many findings are left out, and why, as sentences."""
    said = []
    if known := report.known:
        entries = pluralize(len(known.gone), "entry of it matches", "entries of it match")
        gone = f" {entries} no finding now." if known.gone else ""
        findings = pluralize(len(known.findings), "known finding is", "known findings are")
        said.append(f"{findings} in the baseline {known.file} and not told again.{gone}")
    if (since := report.since) and (since.older or not report.embedded):
        migrations = pluralize(len(since.older), "pending migration is", "pending migrations are")
        findings = pluralize(since.findings, "finding")
        said.append(f"{migrations} older than {since.revision} and left out, with {findings}.")
    return tuple(said)


def differs(report: PrecheckReport) -> str:
    """Say that the database is not what its migrations made, before anything is said on top of that."""
    differing = [one.object for one in report.drift.differences]
    if not differing:
        return ""
    named = ", ".join(differing[:SHOWN_OBJECTS]) + (", …" if len(differing) > SHOWN_OBJECTS else "")
    return (
        f"The applied migrations make something else than there is: {named}. "
        "All that follows is said of the database as it is."
    )
