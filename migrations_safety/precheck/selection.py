"""Selects what a report tells: findings of migrations that came since a revision, accepted ones, known ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Protocol, TypeVar

from migrations_safety.messages.catalogue import ACCEPTABLE_AREAS
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.plan.since import older_than
from migrations_safety.precheck.acceptance import accept
from migrations_safety.precheck.baseline import apply
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth, PrecheckReport, Review, Since


class _Named(Protocol):
    """Anything that is about one migration."""

    @property
    def migration(self) -> str:
        """Its label."""


OfMigration = TypeVar("OfMigration", bound=_Named)


def select(report: PrecheckReport, options: PrecheckOptions, *, today: date) -> PrecheckReport:
    """Return the report with the findings that it is to tell, errors first and accepted ones last.

    The others still stand in the report: known ones in `known`, and the number of those left out in `since`. Raises
    RevisionRefused where git cannot say which migrations are older than the revision of `options.since`.
    """
    if options.since:
        report = _since(report, options.since)
    migrations = (*report.plan.migrations, *report.plan.unapplied)
    found = accept(report.findings, migrations, judged=_judged(report), today=today)
    report = replace(report, findings=tuple(errors_first(found)))
    return apply(report, options.baseline) if options.baseline else report


def _since(report: PrecheckReport, revision: str) -> PrecheckReport:
    planned = (*report.plan.adopted, *report.plan.migrations, *report.plan.unapplied)
    files = older_than(revision, [one.file for one in planned])
    older = tuple(one.label for one in planned if one.file in files)
    kept = tuple(one for one in report.findings if one.migration not in older)
    since = Since(revision=revision, older=older, findings=len(report.findings) - len(kept))
    reviewed = _review(report.review, frozenset(older))
    return replace(report, plan=report.plan.without(older), review=reviewed, findings=kept, since=since)


def _review(review: Review, older: frozenset[str]) -> Review:
    """Return the review without the older migrations; `migrate --precheck` cannot use the rest, which is not whole."""
    measured, transactions = review.measured, review.measured.transactions
    left = [number for number, one in enumerate(transactions) if not older.issuperset(one.migrations)]
    return replace(
        review,
        measured=replace(
            measured,
            transactions=tuple(transactions[number] for number in left),
            demands=_newer(measured.demands, older),
            losses=None if measured.losses is None else _newer(measured.losses, older),
            remade=_newer(measured.remade, older),
            application=tuple(one for one in measured.application if one.because_of not in older),
        ),
        circumstances=None,
        held=tuple(review.held[number] for number in left if review.held),
        data=replace(review.data, checks=tuple(one for one in review.data.checks if one.demanded_by not in older)),
        findings=_newer(review.findings, older),
    )


def _newer(found: Iterable[OfMigration], older: frozenset[str]) -> tuple[OfMigration, ...]:
    return tuple(one for one in found if one.migration not in older)


def errors_first(found: Iterable[Finding]) -> list[Finding]:
    """Return the findings by level, id and subject, those that are accepted after all others."""
    levels = list(Level)
    return sorted(found, key=lambda one: (bool(one.accepted), levels.index(one.level), one.id, one.subject))


def _judged(report: PrecheckReport) -> frozenset[str]:
    """Return the areas that were looked at completely: rows were counted, and the plan was measured."""
    if report.plan.backwards:
        return frozenset()
    measured = report.review.measured.is_measured and report.review.measured.error is None
    unseen = frozenset() if report.data.depth is Depth.COUNT else frozenset({"data"})
    return frozenset(ACCEPTABLE_AREAS if measured else ("drift",)) - unseen
