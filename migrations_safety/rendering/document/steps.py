"""Says which steps lead through a deploy, with the database's own name in each command."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.plan.running_release import Rollout
from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.values import Findings, Step

NAMED = 5


def next_step(report: PrecheckReport, blocking: tuple[Findings, ...]) -> Step:
    """Return what to do now: what helps against the first finding that blocks, else to migrate."""
    if blocking:
        return _against(report, blocking[0])
    if report.embedded:
        return _on_the_database(report)
    if report.target.in_recovery:
        return Step(words="This is a standby: run the precheck on the primary, then migrate there.")
    if not report.plan.changes_something:
        return Step(words="Nothing to do.")
    if report.warns:
        return Step(words="Read the warnings, then migrate.", command=commands.of_plan(report, "migrate"))
    return Step(words="Migrate.", command=commands.of_plan(report, "migrate"))


def _against(report: PrecheckReport, one: Findings) -> Step:
    command = commands.completed(report, one.hint)
    what = f"Resolve {one.id} ({one.title})"
    return Step(words=f"{what}.", command=command) if command else Step(words=f"{what}: {one.hint}")


def _on_the_database(report: PrecheckReport) -> Step:
    words = "This judged the plan alone, without anybody's database. Before the deploy, check the real one."
    return Step(words=words, command=commands.of_plan(report, "precheck"))


def steps(report: PrecheckReport, blocking: tuple[Findings, ...]) -> tuple[Step, ...]:
    """Return the steps of the deploy, from what blocks to the verification."""
    if not report.plan.changes_something:
        return ()
    return tuple(_steps(report, blocking))


def _steps(report: PrecheckReport, blocking: tuple[Findings, ...]) -> Iterator[Step]:
    for one in blocking[:NAMED]:
        yield _against(report, one)
    if len(blocking) > NAMED:
        kinds = pluralize(len(blocking) - NAMED, "other kind of finding", "other kinds of findings")
        yield Step(words=f"Resolve {kinds} that block.")
    if report.plan.backwards:
        yield Step(words="Have a backup that was restored once: a rollback drops what it lists.")
    if report.embedded:
        yield _on_the_database(report)
    else:
        again = "Check again." if blocking else "Check again right before: data and traffic change from day to day."
        yield Step(words=again, command=commands.of_plan(report, "precheck"))
    yield from _around_the_rollout(report)
    yield verification(report)


def _around_the_rollout(report: PrecheckReport) -> Iterator[Step]:
    words = "Unapply." if report.plan.backwards else "Migrate. It checks once more before it begins."
    migrate = Step(words=words, command=commands.of_plan(report, "migrate"))
    review = report.review
    after, before = review.migrations_of(Rollout.AFTER), review.migrations_of(Rollout.BEFORE)
    if both := review.migrations_of(Rollout.BOTH):
        yield Step(words=f"Split first, because they fit neither before nor after: {listed(both, most=NAMED)}.")
    if after and before:
        yield Step(words=f"Migrate up to what the new release needs: {listed(before, most=NAMED)}.")
        yield Step(words="Roll out the new release, and wait until the running one has ended everywhere.")
        yield migrate
        return
    if after:
        waits = pluralize(len(after), "migration breaks it", "migrations break it")
        yield Step(words=f"Roll out the new release, and wait until the running one has ended: {waits}.")
    yield migrate
    if before:
        yield Step(words="Roll out the new release: it needs what the migrations make.")


def verification(report: PrecheckReport) -> Step:
    """Return the command that compares the database with the models afterwards."""
    plan = report.plan
    apps = dict.fromkeys(one.app for one in (*plan.adopted, *plan.migrations, *plan.unapplied))
    return Step(
        words="Verify that the database is as the models declare, and count the orphans again.",
        command=commands.command(report, "verify_schema", *apps),
    )
