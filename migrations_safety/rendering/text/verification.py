"""Builds the text that `verify_schema` prints: the counts, the differences, and the verdict."""

from __future__ import annotations

from migrations_safety.messages.humanize import pluralize
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.text.page import Page
from migrations_safety.verification.report import VerificationReport


def verification(report: VerificationReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text of `verify_schema`, or of a command that verifies one registered schema."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    page.line()
    targets = ", ".join(f"{count} to {table}" for table, count in report.keys_by("target_table").items())
    rules = ", ".join(f"{count} {rule}" for rule, count in report.keys_by("on_delete").items())
    notes = {"foreign_keys": "; ".join(part for part in (targets, rules) if part)}
    rows = [
        (KINDS[kind], f"{report.found[kind]} of {expected}", notes.get(kind, ""))
        for kind, expected in report.expected.items()
    ]
    page.table((("declared", "left"), ("as declared", "right"), ("", "left")), rows)
    page.line(_counts(report))
    for one in report.not_compared:
        page.line(f"Not compared: {one.name}, {one.reason}.")
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    words, style = VERIFICATION_VERDICTS[report.verdict]
    if report.uncounted_keys and report.verdict == "verified":
        words = "Verified: the schema is as declared."
    page.line(f"{words} ({seconds:.1f} s)", style=style)
    return page.text()


def _counts(report: VerificationReport) -> str:
    """Return what was counted; a number that nobody counted is not printed as 0."""
    keys = pluralize(report.counted_keys + report.uncounted_keys, "foreign key")
    said = f"Rows without a parent: {report.orphan_rows:,}."
    if report.uncounted_keys:
        covered = f"{report.counted_keys} of {keys}"
        said = f"Rows without a parent: {report.orphan_rows:,} (counted for {covered})."
        if not report.counted_keys:
            said = f"Rows without a parent: not counted ({covered})."
    return said if report.placeholders is None else f"{said} Placeholders to be resolved: {report.placeholders:,}."


KINDS = {
    "tables": "tables",
    "columns": "columns",
    "constraints": "constraints",
    "foreign_keys": "foreign keys",
    "indexes": "indexes",
    "enum_labels": "enum labels",
}
VERIFICATION_VERDICTS = {
    "verified": ("Verified: the schema is as declared, and every reference has its parent.", "bold green"),
    "drift": ("Drift: the database is not as declared.", "bold red"),
}
