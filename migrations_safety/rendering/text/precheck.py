"""Builds the text that `precheck` prints.

The parts are the database, the plan, a table of foreign-key columns, the findings, and the verdict.
"""

from __future__ import annotations

from collections import Counter

from migrations_safety.census.estimates import Estimate
from migrations_safety.census.identifier_classes import NOT_CLASSED
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.plan.running_release import Rollout
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.document.data import NO_REFERENCES, counted, reference
from migrations_safety.rendering.document.database import database
from migrations_safety.rendering.document.findings import IN_THE_TABLE
from migrations_safety.rendering.document.left_out import differs, left_out
from migrations_safety.rendering.document.plan import NAMED, operations, unapplies
from migrations_safety.rendering.document.verdict import sentence
from migrations_safety.rendering.text.measured import measured
from migrations_safety.rendering.text.page import Page
from migrations_safety.rendering.text.way_back import way_back

STYLES = {"safe": "bold green", "attention": "yellow", "blocked": "bold red"}
SHOWN_OF_ONE_ID = 10
"""How many findings with the same id are shown."""


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
    for line in left_out(report):
        page.line(line)
    page.line()
    page.line(f"{sentence(report)} ({seconds:.1f} s)", style=STYLES[report.verdict])
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
    if words := differs(report):
        page.line(words, style="yellow")


def _data(page: Page, report: PrecheckReport) -> None:
    data = report.data
    if data.recount:
        page.line(f"{data.recount}.")
    if any(census.references for census in data.censuses):
        _counts(page, report)
    elif data.estimates:
        _estimates(page, report)
    elif data.depth is Depth.CATALOG and not report.plan.backwards:
        page.line(counted(report), style="yellow")


def _counts(page: Page, report: PrecheckReport) -> None:
    counts = [reference for census in report.data.censuses for reference in census.references]
    page.line()
    page.table(REFERENCE_HEADINGS, [_reference(report.inspected, reference) for reference in counts])
    if classes := _by_table(counts):
        page.line(f"Values by class: {classes}.")
    elif not any(reference.distinct_values for reference in counts):
        page.line(NO_REFERENCES)


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
        page.line(f"  {unapplies(plan)}.")
    if plan.migrations:
        page.line(f"Would run {listed([step.label for step in plan.migrations], most=NAMED)}:")
        page.line("  " + operations(plan.operations) + ".")
        _rollout(page, report)


def _rollout(page: Page, report: PrecheckReport) -> None:
    """Name the migrations that do not belong before the rollout of the new release."""
    after, both = report.review.migrations_of(Rollout.AFTER), report.review.migrations_of(Rollout.BOTH)
    if after:
        page.line(f"  After the rollout of the new release: {listed(after)}.")
    if both:
        page.line(f"  Neither before nor after the rollout without harm: {listed(both)}.", style="yellow")


def _reference(inspected: InspectedSchema, counts: ReferenceCounts) -> list[str]:
    one = reference(inspected, counts)
    figures = (one.rows, one.not_null, one.values, one.orphans, one.orphan_rows)
    return [one.column, one.type, *(f"{figure:,}" for figure in figures)]


def _estimate(estimate: Estimate) -> list[str]:
    sample = estimate.sampled
    figures = (
        estimate.rows, estimate.non_null, estimate.distinct_values, sample.distinct_values, sample.orphan_values,
    )  # fmt: skip
    return [estimate.key.subject, *("?" if figure is None else f"{figure:,}" for figure in figures)]


def _classes(counts: ReferenceCounts) -> str:
    return ", ".join(f"{values:,} {name}" for name, values in counts.classes.items() if name != NOT_CLASSED)
