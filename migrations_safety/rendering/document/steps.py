"""Says which steps lead through a deploy, with the database's own name in each command."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.plan.running_release import Rollout
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.document import commands
from migrations_safety.rendering.document.values import Findings, Step

NAMED = 5
ESTIMATED = "references.E005"
"""The finding that the values of references were estimated and not counted."""


def next_step(report: PrecheckReport, blocking: tuple[Findings, ...]) -> Step:
    """Return what to do now: what helps against the first finding that blocks, else to migrate."""
    if blocking and blocking[0].id != ESTIMATED:
        return _against(report, blocking[0])
    if not report.plan.changes_something:
        return Step(words="")
    if report.embedded:
        return _on_the_database(report)
    if _is_uncounted(report):
        return Step(words="Count the rows first.", command=commands.of_plan(report, "precheck"))
    if report.target.in_recovery:
        return Step(words="This is a standby: run the precheck on the primary, then migrate there.")
    verb = "unapply" if report.plan.backwards else "migrate"
    words = f"Read the warnings, then {verb}." if report.warns else f"{verb.capitalize()}."
    return Step(words=words, command=commands.of_plan(report, "migrate"))


def _is_uncounted(report: PrecheckReport) -> bool:
    """Whether no rows were counted although the plan has to do with some."""
    return report.data.depth is not Depth.COUNT and bool(report.inspected.references() or report.plan.rollback.read)


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
    if report.plan.rollback.tables or report.plan.rollback.columns:
        yield Step(words="Have a backup that was restored once: what the rollback drops is lost.")
    if report.embedded:
        yield _on_the_database(report)
    else:
        again = "Check again." if blocking else "Check again right before: data and traffic change from day to day."
        yield Step(words=again, command=commands.of_plan(report, "precheck"))
    yield from _around_the_rollout(report)


def _migrate(report: PrecheckReport) -> tuple[Step, Step]:
    words = f"{'Unapply' if report.plan.backwards else 'Migrate'}. It checks once more before it begins."
    return Step(words=words, command=commands.of_plan(report, "migrate")), verification(report)


def _around_the_rollout(report: PrecheckReport) -> Iterator[Step]:
    review = report.review
    after, before = review.migrations_of(Rollout.AFTER), review.migrations_of(Rollout.BEFORE)
    both = review.migrations_of(Rollout.BOTH)
    if report.plan.backwards:
        if after or both:
            yield Step(words="Roll back the release first, to one that does not use what is unapplied.")
        yield from _migrate(report)
        return
    if both:
        yield Step(words=f"Split first, because they fit neither before nor after: {listed(both, most=NAMED)}.")
    if after and before:
        yield Step(words=f"Migrate up to what the new release needs: {listed(before, most=NAMED)}.")
    if after:
        breaks = pluralize(len(after), "migration breaks it", "migrations break it")
        yield Step(words=f"Roll out the new release, and wait until the running one has ended: {breaks}.")
    yield from _migrate(report)
    if before and not after:
        yield Step(words="Roll out the new release: it needs what the migrations make.")


def verification(report: PrecheckReport) -> Step:
    """Return the commands, each in its line, that compare the database with the models afterwards."""
    plan = report.plan
    apps = list(dict.fromkeys(one.app for one in (*plan.adopted, *plan.migrations, *plan.unapplied)))
    own = [report.verified_by[app] for app in apps if app in report.verified_by]
    others = [app for app in apps if app not in report.verified_by]
    typed = [(command,) for command in own] + ([("verify_schema", *others)] if others else [])
    code = "With the code of the release that you went back to, verify" if plan.backwards else "Verify"
    words = f"{code} that the database is as the models declare, and count the orphans again."
    return Step(words=words, command="\n".join(commands.command(report, *command) for command in typed))
