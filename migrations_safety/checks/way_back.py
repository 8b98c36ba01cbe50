"""The check of the way back: operations without a reverse, and a way back that failed on the scratch database."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.measurement.report import NOTHING_TO_LOCK, MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import plan as wording
from migrations_safety.plan.migration_plan import Plan


def check_way_back(plan: Plan, measured: MeasuredPlan) -> Iterator[Finding]:
    """Find what keeps `migrate` from unapplying the plan afterwards.

    On an empty database there is nothing to go back to, so operations without a reverse are not told.
    """
    for one in plan.irreversible if measured.reason != NOTHING_TO_LOCK else ():
        yield wording.irreversible(one.migration, operation=one.operation, number=one.number, at=one.at)
    back = measured.back
    if back.error and back.ends_in:
        yield wording.rollback_fails(back.ends_in, operation=back.operation, code=back.error)
    for needed in back.needs_no_rows:
        columns = ", ".join(f'"{column}"' for column in needed.columns)
        yield wording.rollback_needs_no_rows(needed.migration, table=needed.table, columns=columns)
