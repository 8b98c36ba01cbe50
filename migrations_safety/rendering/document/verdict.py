"""Words the verdict of a precheck, for the text and the document alike."""

from __future__ import annotations

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.humanize import pluralize
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering.document.locks import in_words, strong_locks
from migrations_safety.rendering.document.values import Lock

VERDICTS = {
    "safe": "Safe to migrate.",
    "attention": "Safe to migrate; read the warnings first.",
    "blocked": "Blocked: do not migrate yet.",
}


def sentence(report: PrecheckReport) -> str:
    """Return the verdict as a sentence, which also says what was not looked at."""
    return VERDICTS["blocked"] if report.blocking else _not_blocked(report) or VERDICTS[report.verdict]


def _not_blocked(report: PrecheckReport) -> str:
    """Return the verdict of a plan that is not blocked; empty where it is simply "safe to migrate"."""
    plan = report.plan
    if plan.backwards:
        return _about_the_rollback(report)
    if report.since and (report.since.older or report.embedded) and not plan.changes_something:
        return f"No pending migration came since {report.since.revision}."
    if not plan.migrations and not plan.adopted:
        return "Nothing to do: all migrations are applied."
    if report.data.depth is Depth.CATALOG and report.inspected.references():
        said = f"Nothing in the catalog blocks; whether the data allows it is unknown ({report.uncounted_because})."
    elif report.target.in_recovery:
        said = "Nothing blocks here. This is a standby; migrate on the primary."
    elif report.uncovered:
        said = "Nothing blocks, but not every reference could be counted."
    elif report.not_judged:
        said = "References are covered." if plan.keys else "No foreign key is added."
    else:
        return ""
    if report.not_judged:
        operations = pluralize(report.not_judged, "operation")
        is_measured = report.review.measured.is_measured
        unknown = (
            "Code that was not run is not judged" if is_measured else "Locks, rewrites and dropped data are not judged"
        )
        said += f" {unknown}: {operations}."
    return f"{said} Read the warnings first." if report.warns else said


def _about_the_rollback(report: PrecheckReport) -> str:
    rollback, said = report.plan.rollback, "Nothing blocks the rollback."
    if report.data.depth is Depth.CATALOG and rollback.read:
        said = "Nothing in the catalog blocks the rollback; what it loses is unknown (--no-data)."
    if report.target.in_recovery:
        said += " This is a standby; migrate on the primary."
    if rollback.opaque:
        said += f" Code of the project was not examined: {pluralize(len(rollback.opaque), 'operation')}."
    if rollback.unjudged and not report.review.measured.is_measured:
        said += f" How long locks are held is not judged yet: {pluralize(len(rollback.unjudged), 'operation')}."
    return f"{said} Read the warnings first." if report.warns else said


def in_short(report: PrecheckReport) -> str:
    """Return in some sentences why the verdict is what it is: what blocks, what to read, the longest lock."""
    blocking = len(report.blocking)
    warnings = sum(one.level is Level.WARNING and not one.accepted for one in report.findings) - sum(
        one.level is Level.WARNING for one in report.blocking
    )
    said = [pluralize(blocking, "finding blocks", "findings block")] if blocking else []
    said += [pluralize(warnings, "warning") + " to read"] if warnings else []
    sentences = [", ".join(said) + "."] if said else []
    if locks := strong_locks(report.review):
        migration, lock = locks[0]
        sentences.append(_longest(in_words(migration, lock)))
    return " ".join(sentences)


def _longest(lock: Lock) -> str:
    reason = f" (it {lock.because})" if lock.because else ""
    return f"The longest lock is {lock.lock} on {lock.table}, held {lock.held}{reason}; waiting: {lock.waiting}."
