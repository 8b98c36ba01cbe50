"""Judges what the measurement of the plan has shown, with the rows and the traffic of the target."""

from __future__ import annotations

from collections.abc import Iterable

from migrations_safety.census.report import Census
from migrations_safety.checks.data import check_data
from migrations_safety.checks.data_report import DataChecks
from migrations_safety.checks.measured import check_measured, check_opaque
from migrations_safety.checks.plan import check_not_judged
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql.connection import Connection
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth, Review


def review(
    connection: Connection,
    inspected: InspectedPlan,
    measured: MeasuredPlan,
    *,
    options: PrecheckOptions,
    censuses: Iterable[Census],
) -> Review:
    """Judge a plan by its measurements; where there are none, say what nobody judges.

    `censuses` are the counts of foreign keys, which are not counted again. Without the depth COUNT no rows are read.
    """
    if not measured.is_measured:
        found = [*check_measured(measured), *check_not_judged(inspected.plan)]
        return Review(measured=measured, findings=tuple(found))
    data = DataChecks()
    if options.depth is Depth.COUNT:
        data = check_data(connection, measured, inspected=inspected, censuses=censuses)
    found = [*check_measured(measured), *data.findings]
    if not inspected.plan.backwards:
        found += check_opaque(measured)
    return Review(measured=measured, data=data, findings=tuple(found))
