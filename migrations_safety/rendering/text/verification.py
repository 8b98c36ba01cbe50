"""Builds the text that `verify_schema` prints: the counts, the differences, and the verdict."""

from __future__ import annotations

from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.document.verification_account import KINDS, counts, sentence
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
    page.line(counts(report))
    for one in report.not_compared:
        page.line(f"Not compared: {one.name}, {one.reason}.")
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    page.line(f"{sentence(report)} ({seconds:.1f} s)", style=STYLES[report.verdict])
    return page.text()


STYLES = {"verified": "bold green", "drift": "bold red"}
