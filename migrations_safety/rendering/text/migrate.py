"""The text of a `migrate` that was applied, for `--output`; on a terminal Django's own lines stand for it."""

from __future__ import annotations

from migrations_safety.migrate.report import MigrateReport
from migrations_safety.rendering.text.page import Page, database


def migrate(run: MigrateReport, *, width: int, colour: bool) -> str:
    """The text of `migrate`."""
    page = Page(width=width, colour=colour)
    page.line(database(run.target))
    page.line(f"Gate: {run.gate.verdict}." if run.gate else "The gate was not asked.")
    if run.done:
        for words, labels in (
            ("Applied {}.", run.done.applied),
            ("Taken back {}.", run.done.taken_back),
            ("Recorded {}, it was not run.", run.done.recorded),
            ("Taken out of the record {}, it was not run.", run.done.forgotten),
        ):
            for label in labels:
                page.line(words.format(label))
        for alias, label in run.done.elsewhere.items():
            page.line(f'{label} wrote through the database alias "{alias}" too.', style="yellow")
    if run.gate:
        page.findings(run.gate.findings)
    if run.lock_waits and run.lock_waits["count"] is not None:
        page.line("Lock waits caused: {count}, the longest {longest_ms} ms.".format(**run.lock_waits))
    words = MIGRATE_VERDICTS[run.verdict]
    page.line(f"{words[0].upper()}{words[1:]}. ({run.seconds:.1f} s)", style="bold green")
    return page.text()


MIGRATE_VERDICTS = {
    "applied": "applied",
    "taken back": "taken back",
    "recorded": "recorded, nothing was run",
    "nothing to do": "nothing to do",
    "refused": "refused by the gate, nothing was changed; correct what is listed, then run it again",
}
"""What the closing line says of each."""
