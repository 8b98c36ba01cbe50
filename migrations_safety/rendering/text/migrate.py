"""The text of a `migrate` that was applied, for `--output`; on a terminal Django's own lines stand for it."""

from __future__ import annotations

from migrations_safety.migrating import Run
from migrations_safety.rendering.text.page import Page, database


def migrate(run: Run, *, width: int, colour: bool) -> str:
    """The text of `migrate`."""
    page = Page(width=width, colour=colour)
    page.line(database(run.target))
    if run.gate is None:
        page.line("The gate was not asked.")
    else:
        page.line(f"Gate: {run.gate.verdict}.")
        for one in run.gate.plan.adopted:
            page.line(f"Adopted {one.label}: its tables were there already, it was recorded and not run.")
        for one in run.gate.plan.migrations:
            page.line(f"Applied {one.label}.")
        for one in run.gate.plan.unapplied:
            page.line(f"Taken back {one.label}.")
        page.findings(run.gate.findings)
    if run.lock_waits and run.lock_waits["count"] is not None:
        page.line("Lock waits caused: {count}, the longest {longest_ms} ms.".format(**run.lock_waits))
    page.line(f"Applied. ({run.seconds:.1f} s)", style="bold green")
    return page.text()
