"""Says what of a plan is harmless, and whether it changes rows that are there."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.messages.lock_words import mode
from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document.locks import weak_locks

NAMED = 8


def harmless(report: PrecheckReport) -> tuple[str, ...]:
    """Return what nobody notices, as sentences; only what was measured is called harmless."""
    return tuple(_harmless(report))


def _harmless(report: PrecheckReport) -> Iterator[str]:
    plan, review = report.plan, report.review
    if plan.adopted:
        names = listed([one.label for one in plan.adopted], most=NAMED)
        yield f"{names}: recorded and not run, because the tables exist."
    if not review.measured.is_measured:
        return
    if new := sorted({effect.table for one in review.measured.transactions for effect in one.effects if effect.new}):
        tables = pluralize(len(new), "new table")
        yield f"{tables} ({listed(new, most=NAMED)}): nobody uses them yet, so no statement on them stops anybody."
    weak: dict[str, list[str]] = {}
    for lock in weak_locks(review):
        weak.setdefault(lock.lock, []).append(lock.table)
    for lock_mode, tables_of_mode in weak.items():
        names = listed(sorted(set(tables_of_mode)), most=NAMED)
        yield f"{mode(lock_mode)} on {names}: readers and writers go on."


def keeps_rows(report: PrecheckReport) -> str:
    """Return whether the plan changes rows that are there; an empty text where nobody knows."""
    measured = report.review.measured
    if not report.plan.changes_something:
        return ""
    if not measured.is_measured:
        return "Whether the plan changes rows that are there is not known, because it was not measured."
    effects = [effect for one in measured.transactions for effect in one.effects if not effect.new]
    dropped = {one.table for one in effects if one.dropped}
    changed = {one.table for one in effects if one.rewritten or one.lock == "RowExclusiveLock"} - dropped
    said = f"Rows of {listed(sorted(changed), most=NAMED)} are written or rewritten. " if changed else ""
    said += f"Dropped with their rows: {listed(sorted(dropped), most=NAMED)}." if dropped else ""
    if code := _code(measured):
        return f"{said.strip()} What Python code does to rows is not known: {pluralize(code, 'operation')}.".strip()
    if measured.error:
        return f"{said.strip()} The plan did not run to its end, so this is not all.".strip()
    return said.strip() or "No statement of the plan writes, rewrites or deletes a row that is there."


def _code(measured: MeasuredPlan) -> int:
    """Return how many operations hold code; also where it was run, its rows were not those of the target."""
    operations = [operation for one in measured.transactions for operation in one.operations]
    return sum(one.opaque or one.ran_code for one in operations)
