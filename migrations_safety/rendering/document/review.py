"""Makes the written review of a plan from the report of its precheck."""

from __future__ import annotations

from datetime import datetime

from migrations_safety.measurement.broken_statement import BrokenStatement
from migrations_safety.measurement.report import BACKWARDS, NOTHING_PENDING, WayBack
from migrations_safety.messages.humanize import format_seconds
from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document import commands, data, locks, rollback, sizes, statements
from migrations_safety.rendering.document.database import facts, facts_of_embedded
from migrations_safety.rendering.document.findings import areas, grouped
from migrations_safety.rendering.document.harmless import harmless, keeps_rows
from migrations_safety.rendering.document.keys import key_rules
from migrations_safety.rendering.document.left_out import differs, left_out
from migrations_safety.rendering.document.plan import made, migrations, summary
from migrations_safety.rendering.document.steps import next_step, steps, verification
from migrations_safety.rendering.document.values import Broken, Document, Fact, Rollback, Size
from migrations_safety.rendering.document.verdict import in_short, sentence
from migrations_safety.rendering.document.verification import expected

NO_WAY_BACK = "The rollback was not measured"


def review(report: PrecheckReport, *, seconds: float, at: datetime) -> Document:
    """Return the written review; `seconds` is the duration of the precheck, and `at` when it ended."""
    findings = grouped(report)
    blocking = tuple(one for one in findings if one.blocks)
    strong = locks.strong_locks(report.review)
    return Document(
        title=f"Migration safety review: {_subject(report)}",
        verdict=report.verdict,
        sentence=sentence(report),
        in_short=in_short(report),
        next=next_step(report, blocking),
        facts=_facts(report, seconds=seconds, at=at),
        measured=locks.where_measured(report.review),
        findings=findings,
        migrations=migrations(report),
        made=made(report),
        harmless=harmless(report),
        locks=tuple(locks.in_words(migration, lock) for migration, lock in strong),
        sizes=_sizes(report),
        checks=areas(report),
        row_checks=data.row_checks(report),
        references=data.references(report),
        counted=data.counted(report),
        handled=data.handled(report),
        keeps_rows=keeps_rows(report),
        keys=key_rules(report),
        broken=tuple(_broken(one) for one in report.review.measured.application),
        steps=steps(report, blocking),
        rollback=_rollback(report),
        expected=expected(report),
        verification=verification(report),
        notes=tuple(one for one in (differs(report), *left_out(report)) if one),
        sql=statements.sql(report.review.measured.transactions),
    )


def _subject(report: PrecheckReport) -> str:
    return f"migrations since {report.embedded.revision}" if report.embedded else report.target.name


def _facts(report: PrecheckReport, *, seconds: float, at: datetime) -> tuple[Fact, ...]:
    embedded = report.embedded
    return (
        *(facts_of_embedded(report.target, embedded, at=at) if embedded else facts(report.target, at=at)),
        Fact(label="Plan", value=summary(report)),
        Fact(label="Took", value=format_seconds(seconds)),
    )


def _sizes(report: PrecheckReport) -> tuple[Size, ...]:
    figures = report.review.figures
    return tuple(sizes.in_words(one) for one in sizes.used(figures, figures))


def _broken(one: BrokenStatement) -> Broken:
    return Broken(
        statement=one.statement,
        calls="" if one.calls is None else f"{one.calls:,}",
        code=one.breaks_with,
        migration=one.because_of or "",
    )


def _rollback(report: PrecheckReport) -> Rollback:
    back = report.review.measured.back
    return Rollback(
        commands=_unapply(report),
        words=tuple(_said(back)) if report.plan.changes_something else (),
        locks=tuple(Fact(label=table, value=lock) for table, lock in rollback.strong_locks(back).items()),
        loses=tuple(rollback.losses(back)),
        sql=statements.sql(back.transactions),
    )


def _said(back: WayBack) -> list[str]:
    if back.reason in (BACKWARDS, NOTHING_PENDING):
        return []
    if rollback.was_measured(back):
        return [rollback.measured_steps(back), *rollback.ends(back)]
    return [f"{NO_WAY_BACK}: {back.reason}."] if back.reason else []


def _unapply(report: PrecheckReport) -> tuple[str, ...]:
    """Return the commands that unapply the plan, the app whose migrations begin last first."""
    first: dict[str, str] = {}
    for one in report.plan.migrations:
        first.setdefault(one.app, one.follows or "zero")
    return tuple(commands.command(report, "migrate", app, name) for app, name in reversed(first.items()))
