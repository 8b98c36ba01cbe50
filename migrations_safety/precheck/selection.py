"""Selects what a report tells: findings of migrations that came since a revision, accepted ones, known ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from migrations_safety.messages.catalogue import ACCEPTABLE_AREAS
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.precheck.acceptance import accept
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth, PrecheckReport


def select(report: PrecheckReport, options: PrecheckOptions, *, today: date) -> PrecheckReport:
    """Return the report with the findings that it is to tell, errors first and accepted ones last.

    The others still stand in the report: as accepted ones, as known ones, or as a number of those left out.
    """
    migrations = (*report.plan.migrations, *report.plan.unapplied)
    found = accept(report.findings, migrations, judged=_judged(report), today=today)
    return replace(report, findings=tuple(errors_first(found)))


def errors_first(found: Iterable[Finding]) -> list[Finding]:
    """Return the findings by level, id and subject, those that are accepted after all others."""
    levels = list(Level)
    return sorted(found, key=lambda one: (bool(one.accepted), levels.index(one.level), one.id, one.subject))


def _judged(report: PrecheckReport) -> frozenset[str]:
    """Return the areas that were looked at completely."""
    unseen = set() if report.data.depth is Depth.COUNT else {"data"}
    return frozenset(ACCEPTABLE_AREAS) - unseen
