"""Says what the rows of the database say to a plan: counts and classes, never a value."""

from __future__ import annotations

from migrations_safety.census.estimates import Estimate
from migrations_safety.census.identifier_classes import NOT_CLASSED, PLACEHOLDER_CLASSES
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.checks.data_report import DataCheck
from migrations_safety.messages.class_reasons import reason_of
from migrations_safety.messages.humanize import pluralize
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.document.values import Handled, Reference, RowCheck

DEMANDS = {
    "not_null": "no NULL",
    "unique": "no duplicates",
    "check": "CHECK holds",
    "exclusion": "no rows exclude each other",
    "foreign_key": "every reference has its parent",
    "length": "values fit into the shorter type",
    "cast": "values can be converted",
    "enum": "the removed label is not used",
    "drop": "no value is lost",
}
ESTIMATED = "Estimated from statistics and a few index entries; nothing was counted (--approximate)."
NO_REFERENCES = "No references yet."


def row_checks(report: PrecheckReport) -> tuple[RowCheck, ...]:
    """Return what the plan demands of the rows that are there, and how many do not fulfil it."""
    return tuple(_row_check(one) for one in report.review.data.checks)


def _row_check(one: DataCheck) -> RowCheck:
    return RowCheck(
        demand=DEMANDS.get(one.kind, one.kind),
        subject=_subject(one),
        migration=one.demanded_by,
        rows=one.rows,
        violating=one.violating_rows,
        result=_result(one),
    )


def _subject(one: DataCheck) -> str:
    columns = ", ".join(f'"{column}"' for column in one.columns)
    if len(one.columns) == 1:
        return f"{one.table}.{columns}"
    return f"{one.table} ({columns})" if columns else one.table


def _result(one: DataCheck) -> str:
    if one.violating_rows is None:
        return f"not counted: {one.reason}" if one.reason else "not counted"
    if one.kind == "drop":
        return f"{pluralize(one.violating_rows, 'row')} lost" if one.violating_rows else "nothing to lose"
    if not one.violating_rows:
        return "holds for all rows"
    groups = f" in {pluralize(one.groups, 'group')}" if one.groups else ""
    return f"violated by {pluralize(one.violating_rows, 'row')}{groups}"


def counted(report: PrecheckReport) -> str:
    """Return how the references were counted, where there is something to say of it."""
    data = report.data
    if data.recount:
        return f"{data.recount}."
    if data.estimates:
        return ESTIMATED
    if data.depth is Depth.CATALOG and not report.plan.backwards:
        return f"The data was not counted ({report.uncounted_because}), so orphans are unknown."
    found = [reference for census in data.censuses for reference in census.references]
    return NO_REFERENCES if found and not any(one.distinct_values for one in found) else ""


def references(report: PrecheckReport) -> tuple[Reference, ...]:
    """Return the foreign-key columns that exist, with their counts or estimates."""
    data, inspected = report.data, report.inspected
    if data.estimates:
        return tuple(_estimate(inspected, one) for one in data.estimates)
    return tuple(reference(inspected, one) for census in data.censuses for one in census.references)


def reference(inspected: InspectedSchema, counts: ReferenceCounts) -> Reference:
    """Return one foreign-key column with its counts."""
    return Reference(
        column=counts.key.subject,
        type=_type(inspected, counts),
        rows=counts.total_rows,
        not_null=counts.non_null,
        values=counts.distinct_values,
        orphans=counts.orphan_values,
        orphan_rows=counts.orphan_rows,
    )


def _type(inspected: InspectedSchema, counts: ReferenceCounts) -> str:
    column = inspected.referencing(counts.key)
    assert column is not None
    return f"{column.type} null" if column.nullable else column.type


def _estimate(inspected: InspectedSchema, estimate: Estimate) -> Reference:
    return Reference(
        column=estimate.key.subject,
        type=_type(inspected, estimate.sampled),
        rows=estimate.rows,
        not_null=estimate.non_null,
        values=estimate.distinct_values,
        orphans=None,
        orphan_rows=None,
    )


def handled(report: PrecheckReport) -> tuple[Handled, ...]:
    """Return what becomes of the values without a parent, by column and class of identifier."""
    return tuple(
        _handled(one, name) for census in report.data.censuses for one in census.references for name in one.orphans
    )


def _handled(counts: ReferenceCounts, name: str) -> Handled:
    orphans = counts.orphans[name]
    if name == NOT_CLASSED:
        what = f"they need their rows in {counts.key.target_table}, or have to be corrected"
    elif name in PLACEHOLDER_CLASSES:
        what = "backfill_placeholders makes one placeholder for each value; the rows stay as they are"
    else:
        what = "refused, the rows stay as they are. " + reason_of(name, values=orphans.values)
    values = f"{pluralize(orphans.values, 'value')} in {pluralize(orphans.rows, 'row')}"
    return Handled(subject=counts.key.subject, kind="" if name == NOT_CLASSED else name, values=values, what=what)
