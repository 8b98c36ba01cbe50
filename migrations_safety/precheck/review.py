"""Judges what the measurement of the plan has shown."""

from __future__ import annotations

from migrations_safety.checks.measured import check_measured, check_opaque
from migrations_safety.checks.plan import check_not_judged
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.precheck.report import Review


def review(inspected: InspectedPlan, measured: MeasuredPlan) -> Review:
    """Judge a plan by its measurements; where there are none, say what nobody judges."""
    found = check_measured(measured)
    if not measured.is_measured:
        found += check_not_judged(inspected.plan)
    elif not inspected.plan.backwards:
        found += check_opaque(measured)
    return Review(measured=measured, findings=tuple(found))
