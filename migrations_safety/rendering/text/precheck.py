"""The text of `precheck`: the database, the plan, a table a screen wide, the findings, the verdict last."""

from __future__ import annotations

from typing import Any

from migrations_safety.census.estimates import Estimate
from migrations_safety.census.identifier_classes import NOT_CLASSED
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.messages.humanize import pluralize
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.text.page import Page, database

VERDICTS = {
    "safe": ("Safe to migrate.", "bold green"),
    "attention": ("Safe to migrate; read the warnings first.", "yellow"),
    "blocked": ("Blocked: do not migrate yet.", "bold red"),
}


def precheck(report: PrecheckReport, *, seconds: float, width: int, colour: bool) -> str:
    """The text of `precheck`."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    _plan(page, report)
    if report.data.recount:
        page.line(f"{report.data.recount}.")
    references = [one for census in report.data.censuses for one in census.references]
    if references:
        page.line()
        page.table(REFERENCE_HEADINGS, [_reference(report.inspected, one) for one in references])
        classes = [f"{one.key.table}: {_classes(one)}" for one in references if _classes(one)]
        if classes:
            page.line("Values by class: " + "; ".join(classes) + ".")
        elif not any(one.distinct_values for one in references):
            page.line("No references yet.")
    elif report.data.estimates:
        page.line("From statistics and a few index entries; nothing was counted (--approximate):", style="yellow")
        page.table(ESTIMATE_HEADINGS, [_estimate(one) for one in report.data.estimates])
        seen = [f"{one.key.table}: {_classes(one.sampled)}" for one in report.data.estimates if _classes(one.sampled)]
        if seen:
            page.line("Of the values looked at: " + "; ".join(seen) + ".")
        elif not any(one.sampled.distinct_values for one in report.data.estimates):
            page.line("No value was looked at.")
    elif report.data.depth is Depth.CATALOG and not report.plan.backwards:
        page.line("The data was not counted (--no-data): orphans are not known.", style="yellow")
    if report.findings:
        page.line()
        page.findings(report.findings)
    if report.data.identifiers:
        page.line()
        page.line("Patient data, shown because of --show-ids; do not copy it anywhere:", style="bold red")
        for orphan in report.data.identifiers:
            rows = pluralize(orphan.rows, "row")
            page.line(f"  {orphan.subject} {orphan.identifier_class} {orphan.value!r} in {rows}")
    page.line()
    words, style = VERDICTS[report.verdict]
    if not report.blocking:
        words = _not_blocked(report) or words
    page.line(f"{words} ({seconds:.1f} s)", style=style)
    return page.text()


def _not_blocked(report: PrecheckReport) -> str:
    """What that means here, where it is not simply that it is safe to migrate."""
    plan = report.plan
    if plan.backwards:
        return _about_the_way_back(report)
    if not plan.migrations and not plan.adopted:
        return "Nothing to do: all migrations are applied."
    if report.data.depth is Depth.CATALOG and report.inspected.references():
        said = "Nothing in the catalog blocks; whether the data allows it is not known (--no-data)."
    elif report.target.in_recovery:
        said = "Nothing blocks here; this is a standby: migrate on the primary."
    elif report.uncovered:
        said = "Nothing blocks, but not every reference could be looked at."
    elif plan.not_judged:
        said = "References are covered." if plan.keys else "No foreign key is added."
    else:
        return ""
    if plan.not_judged:
        operations = pluralize(plan.not_judged, "operation")
        said += f" Locks, rewrites and dropped data are not judged yet: {operations}."
    return f"{said} Read the warnings first." if report.warns else said


def _about_the_way_back(report: PrecheckReport) -> str:
    rollback, said = report.plan.rollback, "Nothing blocks the way back"
    if report.data.depth is Depth.CATALOG and rollback.read:
        said += ", as far as the catalog says; what it loses is not known (--no-data)"
    said += "; this is a standby: migrate on the primary." if report.target.in_recovery else "."
    if rollback.opaque:
        said += f" Code of the project was not looked into: {pluralize(len(rollback.opaque), 'operation')}."
    if rollback.unjudged:
        said += f" How long locks are held is not judged yet: {pluralize(len(rollback.unjudged), 'operation')}."
    return f"{said} Read the warnings first." if report.warns else said


REFERENCE_HEADINGS = (
    ("reference", "left"), ("type", "left"), ("rows", "right"), ("not null", "right"),
    ("values", "right"), ("orphans", "right"), ("in rows", "right"),
)  # fmt: skip
ESTIMATE_HEADINGS = (
    ("reference", "left"), ("rows", "right"), ("not null", "right"),
    ("values", "right"), ("looked at", "right"), ("orphans", "right"),
)  # fmt: skip


def _plan(page: Page, report: PrecheckReport) -> None:
    plan = report.plan
    for one in plan.adopted:
        page.line(f"Adopts {one.label}: its tables are there already, it is recorded and not run.")
    if plan.backwards:
        page.line(f"Would take back {', '.join(one.label for one in plan.unapplied)}:")
        tables, columns = pluralize(len(plan.rollback.tables), "table"), pluralize(len(plan.rollback.columns), "column")
        page.line(f"  drops {tables} and {columns}.")
    if plan.migrations:
        page.line(f"Would run {', '.join(one.label for one in plan.migrations)}:")
        page.line("  " + _operations(plan.operations) + ".")


def _operations(operations: dict[str, int]) -> str:
    told = [pluralize(count, *OPERATIONS[kind]) for kind, count in operations.items() if count]
    return ", ".join(told) or "nothing on the database"


OPERATIONS = {
    "create_enum": ("enum",), "create_table": ("table",), "create_index": ("index", "indexes"),
    "add_foreign_key": ("foreign key",), "validate_foreign_key": ("validation",), "other": ("other operation",),
}  # fmt: skip


def _reference(inspected: InspectedSchema, one: ReferenceCounts) -> list[str]:
    column = inspected.referencing(one.key)
    assert column is not None
    figures: tuple[Any, ...] = (
        one.total_rows, one.non_null, one.distinct_values, one.orphan_values, one.orphan_rows,
    )  # fmt: skip
    described = [one.key.subject, f"{column.type} null" if column.nullable else column.type]
    return described + [f"{figure:,}" for figure in figures]


def _estimate(one: Estimate) -> list[str]:
    figures = (one.rows, one.non_null, one.distinct_values, one.sampled.distinct_values, one.sampled.orphan_values)
    told = ["?" if figure is None else f"{figure:,}" for figure in figures]
    return [one.key.subject, *told]


def _classes(one: ReferenceCounts) -> str:
    return ", ".join(f"{values:,} {name}" for name, values in one.classes.items() if name != NOT_CLASSED)
