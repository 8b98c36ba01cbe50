"""Makes the written report of `verify_schema`, and of a command that verifies one registered schema."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import format_seconds, pluralize
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.account import NAME, NUMBER, SHARE, TEXT, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.findings import in_groups
from migrations_safety.rendering.document.values import Fact, Step
from migrations_safety.rendering.percent import percent
from migrations_safety.verification.report import VerificationReport

KINDS = {
    "tables": "tables",
    "columns": "columns",
    "constraints": "constraints",
    "foreign_keys": "foreign keys",
    "indexes": "indexes",
    "enum_labels": "enum labels",
}
VERDICTS = {
    "verified": "Verified: the schema is as declared, and every reference has its parent.",
    "drift": "Drift: the database is not as declared.",
}
NOT_COUNTED = "Verified: the schema is as declared."
WORDS = {"verified": "Verified", "drift": "Drift"}
RULES = {
    "CASCADE": "the row goes with its parent",
    "RESTRICT": "the parent cannot be deleted",
    "NO ACTION": "the parent cannot be deleted",
    "SET NULL": "the row stays, without a parent",
    "SET DEFAULT": "the row gets the default of the column",
}


def verification(report: VerificationReport, *, command: str, seconds: float, at: datetime) -> Account:
    """Return the written report; `command` is its name, `seconds` its duration, and `at` when it ended."""
    return Account(
        command=command,
        title=f"Schema verification: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict],
        is_refused=report.verdict == "drift",
        sentence=sentence(report),
        next=_next(report, command),
        facts=(*facts(report.target, at=at), *_about(report), Fact(label="Took", value=format_seconds(seconds))),
        tables=filled(_kinds(report), _differences(report), *_keys(report), _left_out(report)),
        findings=in_groups(report.findings, blocking=_drift(report.findings)),
        notes=(counts(report),),
    )


def sentence(report: VerificationReport) -> str:
    """Return the verdict as a sentence, which says only what was looked at."""
    if report.uncounted_keys and report.verdict == "verified":
        return NOT_COUNTED
    return VERDICTS[report.verdict]


def counts(report: VerificationReport) -> str:
    """Return what was counted; a number that nobody counted is not said to be 0."""
    keys = pluralize(report.counted_keys + report.uncounted_keys, "foreign key")
    said = f"Rows without a parent: {report.orphan_rows:,}."
    if report.uncounted_keys:
        covered = f"{report.counted_keys} of {keys}"
        said = f"Rows without a parent: {report.orphan_rows:,} (counted for {covered})."
        if not report.counted_keys:
            said = f"Rows without a parent: not counted ({covered})."
    return said if report.placeholders is None else f"{said} Placeholders to be resolved: {report.placeholders:,}."


def _drift(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.level is not Level.INFO]


def _next(report: VerificationReport, command: str) -> Step:
    drift = _drift(report.findings)
    if not drift:
        return Step(words="Nothing to do.")
    again = commands.on(report.target, command)
    return Step(words=f"{drift[0].subject}: {drift[0].hint} Then compare again:", command=again)


def _about(report: VerificationReport) -> list[Fact]:
    return [Fact(label="Apps", value=", ".join(report.apps))] if report.apps else []


def _kinds(report: VerificationReport) -> Table:
    rows = [
        (
            KINDS[kind],
            expected,
            report.found[kind],
            expected - report.found[kind],
            percent(report.found[kind], expected),
        )
        for kind, expected in report.expected.items()
    ]
    return table_of(
        "declared",
        "Declared beside found",
        "How many objects the models declare, and how many of them the database has as they are declared.",
        {"what": TEXT, "declared": NUMBER, "found as declared": NUMBER, "missing or different": NUMBER, "": SHARE},
        rows,
    )


def _differences(report: VerificationReport) -> Table:
    found = [one for one in report.findings if one.declared is not None or one.found is not None]
    return table_of(
        "differences",
        "Differences",
        "What the models declare, and what the database has instead.",
        {"object": NAME, "declared": TEXT, "found": TEXT, "finding": TEXT},
        ((one.subject, one.declared or "nothing", one.found or "does not exist", one.id) for one in found),
    )


def _keys(report: VerificationReport) -> list[Table]:
    rules = tuple((rule, number, RULES.get(rule, "")) for rule, number in report.keys_by("on_delete").items())
    parents = tuple(report.keys_by("target_table").items())
    return [
        table_of(
            "rules",
            "Foreign keys by their rule",
            "The foreign keys that exist as declared, by what happens if a parent is deleted.",
            {"ON DELETE": TEXT, "keys": NUMBER, "meaning": TEXT},
            rules,
        ),
        table_of(
            "parents",
            "Foreign keys by their parent",
            "The same foreign keys, by the table that they point at.",
            {"parent": NAME, "keys": NUMBER},
            parents,
        ),
    ]


def _left_out(report: VerificationReport) -> Table:
    return table_of(
        "not-compared",
        "Not compared",
        "What the models declare and what was not compared.",
        {"what": NAME, "why": TEXT},
        ((one.name, one.reason) for one in report.not_compared),
    )
