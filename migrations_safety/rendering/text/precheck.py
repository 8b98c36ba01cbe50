"""Builds the text that `precheck` prints.

The parts are the database, the plan, a table of foreign-key columns, the findings, and the verdict.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from migrations_safety.census.estimates import Estimate
from migrations_safety.census.identifier_classes import NOT_CLASSED
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.plan.running_release import Rollout
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.text.measured import measured
from migrations_safety.rendering.text.page import Page, database
from migrations_safety.rendering.text.way_back import way_back

NAMED = 8
"""How many migrations are named; the JSON has all of them."""
IN_THE_TABLE = {"locks.I001"}
"""Findings that the table of locks shows already."""
VERDICTS = {
    "safe": ("Safe to migrate.", "bold green"),
    "attention": ("Safe to migrate; read the warnings first.", "yellow"),
    "blocked": ("Blocked: do not migrate yet.", "bold red"),
}


SHOWN_OF_ONE_ID = 10
"""How many findings with the same id are shown."""
SHOWN_OBJECTS = 5
"""How many objects that differ from the applied migrations are named before the plan; all of them are findings."""


def precheck(report: PrecheckReport, *, seconds: float, width: int, colour: bool) -> str:
    """Return the text of `precheck`, wrapped at `width` characters; `seconds` is the duration of the command."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    _drift(page, report)
    _plan(page, report)
    measured(page, report.review)
    _data(page, report)
    _findings(page, [one for one in report.findings if one.id not in IN_THE_TABLE or one.accepted])
    if report.data.identifiers:
        _identifiers(page, report)
    way_back(page, report.review.measured.back)
    _not_told(page, report)
    page.line()
    words, style = VERDICTS[report.verdict]
    if not report.blocking:
        words = _not_blocked(report) or words
    page.line(f"{words} ({seconds:.1f} s)", style=style)
    return page.text()


def _findings(page: Page, found: list[Finding]) -> None:
    """Add the findings, of each id only so many that hundreds of migrations fit on some screens."""
    shown, more = [], Counter[str]()
    for finding in found:
        if more[finding.id] < SHOWN_OF_ONE_ID:
            shown.append(finding)
        more[finding.id] += 1
    if shown:
        page.line()
        page.findings(shown)
    if left := [f"{number - SHOWN_OF_ONE_ID:,} of {id}" for id, number in more.items() if number > SHOWN_OF_ONE_ID]:
        page.line(f"More findings, which --format json has: {', '.join(left)}.")


def _drift(page: Page, report: PrecheckReport) -> None:
    """Say that the database is not what its migrations made, before anything is said on top of that."""
    differing = [one.object for one in report.drift.differences]
    if differing:
        more = ", …" if len(differing) > SHOWN_OBJECTS else ""
        words = (
            f"The applied migrations make something else than there is: {', '.join(differing[:SHOWN_OBJECTS])}{more}."
        )
        page.line(f"{words} All that follows is said of the database as it is.", style="yellow")


def _not_told(page: Page, report: PrecheckReport) -> None:
    """Say how many findings are left out, and why."""
    if known := report.known:
        entries = pluralize(len(known.gone), "entry of it matches", "entries of it match")
        gone = f" {entries} no finding now." if known.gone else ""
        findings = pluralize(len(known.findings), "known finding is", "known findings are")
        page.line(f"{findings} in the baseline {known.file} and not told again.{gone}")
    if since := report.since:
        migrations = pluralize(len(since.older), "pending migration is", "pending migrations are")
        findings = pluralize(since.findings, "finding")
        page.line(f"{migrations} older than {since.revision} and left out, with {findings}.")


def _data(page: Page, report: PrecheckReport) -> None:
    data = report.data
    if data.recount:
        page.line(f"{data.recount}.")
    if any(census.references for census in data.censuses):
        _counts(page, report)
    elif data.estimates:
        _estimates(page, report)
    elif data.depth is Depth.CATALOG and not report.plan.backwards:
        page.line(f"The data was not counted ({report.uncounted_because}), so orphans are unknown.", style="yellow")


def _counts(page: Page, report: PrecheckReport) -> None:
    counts = [reference for census in report.data.censuses for reference in census.references]
    page.line()
    page.table(REFERENCE_HEADINGS, [_reference(report.inspected, reference) for reference in counts])
    if classes := _by_table(counts):
        page.line(f"Values by class: {classes}.")
    elif not any(reference.distinct_values for reference in counts):
        page.line("No references yet.")


def _estimates(page: Page, report: PrecheckReport) -> None:
    page.line("Estimated from statistics and a few index entries; nothing was counted (--approximate):", style="yellow")
    page.table(ESTIMATE_HEADINGS, [_estimate(estimate) for estimate in report.data.estimates])
    samples = [estimate.sampled for estimate in report.data.estimates]
    if classes := _by_table(samples):
        page.line(f"Of the sampled values: {classes}.")
    elif not any(sample.distinct_values for sample in samples):
        page.line("No value was sampled.")


def _by_table(counts: list[ReferenceCounts]) -> str:
    return "; ".join(f"{column.key.table}: {classes}" for column in counts if (classes := _classes(column)))


def _identifiers(page: Page, report: PrecheckReport) -> None:
    page.line()
    page.line("Patient data, shown because of --show-ids; do not copy it anywhere:", style="bold red")
    for orphan in report.data.identifiers:
        rows = pluralize(orphan.rows, "row")
        page.line(f"  {orphan.subject} {orphan.identifier_class} {orphan.value!r} in {rows}")


def _not_blocked(report: PrecheckReport) -> str:
    """Return the verdict of a plan that is not blocked; empty where it is simply "safe to migrate"."""
    plan = report.plan
    if plan.backwards:
        return _about_the_rollback(report)
    if report.since and report.since.older and not plan.changes_something:
        return f"No pending migration came since {report.since.revision}."
    if not plan.migrations and not plan.adopted:
        return "Nothing to do: all migrations are applied."
    if report.data.depth is Depth.CATALOG and report.inspected.references():
        said = f"Nothing in the catalog blocks; whether the data allows it is unknown ({report.uncounted_because})."
    elif report.target.in_recovery:
        said = "Nothing blocks here. This is a standby; migrate on the primary."
    elif report.uncovered:
        said = "Nothing blocks, but not every reference could be counted."
    elif report.not_judged:
        said = "References are covered." if plan.keys else "No foreign key is added."
    else:
        return ""
    if report.not_judged:
        operations = pluralize(report.not_judged, "operation")
        is_measured = report.review.measured.is_measured
        unknown = (
            "Code that was not run is not judged" if is_measured else "Locks, rewrites and dropped data are not judged"
        )
        said += f" {unknown}: {operations}."
    return f"{said} Read the warnings first." if report.warns else said


def _about_the_rollback(report: PrecheckReport) -> str:
    rollback, said = report.plan.rollback, "Nothing blocks the rollback."
    if report.data.depth is Depth.CATALOG and rollback.read:
        said = "Nothing in the catalog blocks the rollback; what it loses is unknown (--no-data)."
    if report.target.in_recovery:
        said += " This is a standby; migrate on the primary."
    if rollback.opaque:
        said += f" Code of the project was not examined: {pluralize(len(rollback.opaque), 'operation')}."
    if rollback.unjudged and not report.review.measured.is_measured:
        said += f" How long locks are held is not judged yet: {pluralize(len(rollback.unjudged), 'operation')}."
    return f"{said} Read the warnings first." if report.warns else said


REFERENCE_HEADINGS = (
    ("reference", "left"), ("type", "left"), ("rows", "right"), ("not null", "right"),
    ("values", "right"), ("orphans", "right"), ("in rows", "right"),
)  # fmt: skip
ESTIMATE_HEADINGS = (
    ("reference", "left"), ("rows", "right"), ("not null", "right"),
    ("values", "right"), ("sampled", "right"), ("orphans", "right"),
)  # fmt: skip


def _plan(page: Page, report: PrecheckReport) -> None:
    plan = report.plan
    for step in plan.adopted:
        page.line(f"Adopts {step.label}: its tables exist, so it is recorded and not run.")
    if plan.backwards:
        page.line(f"Would unapply {listed([step.label for step in plan.unapplied], most=NAMED)}:")
        tables, columns = pluralize(len(plan.rollback.tables), "table"), pluralize(len(plan.rollback.columns), "column")
        page.line(f"  drops {tables} and {columns}.")
    if plan.migrations:
        page.line(f"Would run {listed([step.label for step in plan.migrations], most=NAMED)}:")
        page.line("  " + _operations(plan.operations) + ".")
        _rollout(page, report)


def _rollout(page: Page, report: PrecheckReport) -> None:
    """Name the migrations that do not belong before the rollout of the new release."""
    after, both = report.review.migrations_of(Rollout.AFTER), report.review.migrations_of(Rollout.BOTH)
    if after:
        page.line(f"  After the rollout of the new release: {listed(after)}.")
    if both:
        page.line(f"  Neither before nor after the rollout without harm: {listed(both)}.", style="yellow")


def _operations(operations: dict[str, int]) -> str:
    parts = [pluralize(count, *OPERATIONS[kind]) for kind, count in operations.items() if count]
    return ", ".join(parts) or "nothing on the database"


OPERATIONS = {
    "create_enum": ("enum",), "create_table": ("table",), "create_index": ("index", "indexes"),
    "add_foreign_key": ("foreign key",), "validate_foreign_key": ("validation",), "other": ("other operation",),
}  # fmt: skip


def _reference(inspected: InspectedSchema, counts: ReferenceCounts) -> list[str]:
    column = inspected.referencing(counts.key)
    assert column is not None
    figures: tuple[Any, ...] = (
        counts.total_rows, counts.non_null, counts.distinct_values, counts.orphan_values, counts.orphan_rows,
    )  # fmt: skip
    described = [counts.key.subject, f"{column.type} null" if column.nullable else column.type]
    return described + [f"{figure:,}" for figure in figures]


def _estimate(estimate: Estimate) -> list[str]:
    sample = estimate.sampled
    figures = (
        estimate.rows, estimate.non_null, estimate.distinct_values, sample.distinct_values, sample.orphan_values,
    )  # fmt: skip
    return [estimate.key.subject, *("?" if figure is None else f"{figure:,}" for figure in figures)]


def _classes(counts: ReferenceCounts) -> str:
    return ", ".join(f"{values:,} {name}" for name, values in counts.classes.items() if name != NOT_CLASSED)
