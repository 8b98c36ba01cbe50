"""Says what verification will expect of the database after a plan."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document.values import Expected


def expected(report: PrecheckReport) -> tuple[Expected, ...]:
    """Return what the plan makes and verification looks for, by kind; of indexes only their number is known."""
    return tuple(one for one in _expected(report) if one.number)


def _expected(report: PrecheckReport) -> Iterator[Expected]:
    plan = report.plan
    enums = [enum for one in plan.migrations for enum in one.enums]
    yield _named("tables", sorted(plan.creates))
    yield _named("enums, with their labels in this order", [f"{one.name}: {', '.join(one.labels)}" for one in enums])
    yield Expected(what="indexes, by definition", number=plan.operations.get("create_index", 0), names=())
    yield _named(
        "foreign keys, valid, with their rules",
        [f"{key.label}: {key.column} → {key.target_table}, ON DELETE {key.on_delete}" for key in plan.keys],
    )


def _named(what: str, names: list[str]) -> Expected:
    return Expected(what=what, number=len(names), names=tuple(names))
