"""Says what the migrations of a plan make."""

from __future__ import annotations

from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.plan.planned_migration import PlannedMigration
from migrations_safety.plan.running_release import Rollout
from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document.statements import number_of_lines, number_of_statements
from migrations_safety.rendering.document.values import Fact, Made, Migration

OPERATIONS = {
    "create_enum": ("enum",), "create_table": ("table",), "create_index": ("index", "indexes"),
    "add_foreign_key": ("foreign key",), "validate_foreign_key": ("validation",), "other": ("other operation",),
}  # fmt: skip
ROLLOUTS = {
    Rollout.BEFORE: "before the new release",
    Rollout.AFTER: "after the new release",
    Rollout.EITHER: "before or after",
    Rollout.BOTH: "neither before nor after",
}
NAMED = 8
"""How many migrations are named; the JSON has all of them."""


def operations(counts: dict[str, int]) -> str:
    """Return the number of operations of each kind in words: `1 enum, 6 tables`."""
    parts = [pluralize(count, *OPERATIONS[kind]) for kind, count in counts.items() if count]
    return ", ".join(parts) or "nothing on the database"


def unapplies(plan: Plan) -> str:
    """Return what a rollback drops, in words."""
    counts = (len(plan.rollback.tables), "table"), (len(plan.rollback.columns), "column")
    return f"drops {' and '.join(pluralize(*one) for one in counts if one[0]) or 'no table and no column'}"


def summary(report: PrecheckReport) -> str:
    """Return which migrations the plan adopts, runs and unapplies, in a few words."""
    plan = report.plan
    parts = [
        f"{verb} {listed([step.label for step in steps], most=NAMED)}"
        for verb, steps in (("adopts", plan.adopted), ("runs", plan.migrations), ("unapplies", plan.unapplied))
        if steps
    ]
    return "; ".join(parts) or "nothing: all migrations are applied"


def migrations(report: PrecheckReport) -> tuple[Migration, ...]:
    """Return the migrations of the plan in their order, each with its transaction and when it belongs to a rollout."""
    plan, rollouts = report.plan, report.review.rollouts
    return (
        *(_step(one, "is recorded, not run: its tables exist", rollout="", makes="") for one in plan.adopted),
        *(_step(one, "is unapplied", rollout="", makes="") for one in plan.unapplied),
        *(
            _step(
                one,
                "runs",
                rollout=ROLLOUTS[rollouts[one.label]] if one.label in rollouts else "",
                makes=operations(one.operations) if one.operations else "",
            )
            for one in plan.migrations
        ),
    )


def _step(one: PlannedMigration, what: str, *, rollout: str, makes: str) -> Migration:
    transaction = "one transaction" if one.atomic else "one for each statement"
    return Migration(
        label=one.label, what=what, transaction=transaction if what == "runs" else "", rollout=rollout, makes=makes
    )


def made(report: PrecheckReport) -> Made:
    """Return what the plan makes: counts of each kind, its tables and enums, and the number of its statements."""
    plan = report.plan
    return Made(
        counts=unapplies(plan) if plan.backwards else operations(plan.operations),
        statements=number_of_statements(report.review.measured.transactions),
        lines=number_of_lines(report.review.measured.transactions),
        tables=tuple(sorted(plan.creates)),
        enums=tuple(
            Fact(label=enum.name, value=", ".join(enum.labels)) for one in plan.migrations for enum in one.enums
        ),
    )
