"""Makes the written report of a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrations_safety.messages.findings import blocking
from migrations_safety.messages.humanize import format_age, format_bytes, format_range, format_seconds, pluralize
from migrations_safety.recovery.rehearsal.report import RehearsalReport
from migrations_safety.rendering.document.account import NAME, NUMBER, TEXT, Account, Table, filled, table_of
from migrations_safety.rendering.document.database import facts
from migrations_safety.rendering.document.findings import in_groups
from migrations_safety.rendering.document.values import Fact, Step

VERDICTS = {
    "passed": "Passed: the deploy and its rollback ran on a copy within all limits.",
    "failed": "Failed on a copy. The database itself was only read.",
    "nothing to rehearse": "Nothing to rehearse: no migration is pending.",
}
WORDS = {"passed": "Passed", "failed": "Failed", "nothing to rehearse": "Nothing to do"}
PLACES = {
    "server": "on the database's own server",
    "url": "on the server of --scratch-url",
    "embedded": "on a PostgreSQL that was started for it",
    "clone": "given by --clone-command",
}


WORTH_TELLING = 1.1
"""By what factor a database is larger than its copy so that it is told."""


def rehearsal(report: RehearsalReport, *, seconds: float, at: datetime) -> Account:
    """Return the written report; `seconds` is the duration of the command, and `at` when it ended."""
    tables = (_steps(report), _locks(report), _stalls(report), _forecast(report))
    return Account(
        command="rehearse",
        title=f"Rehearsal: {report.target.name}",
        verdict=report.verdict,
        word=WORDS[report.verdict],
        is_refused=report.verdict == "failed",
        sentence=sentence(report),
        next=_next(report),
        facts=(*facts(report.target, at=at), Fact(label="Took", value=format_seconds(seconds))),
        tables=filled(*tables),
        findings=in_groups(report.findings, blocking=blocking(report.findings)),
        notes=tuple(notes(report)),
    )


def sentence(report: RehearsalReport) -> str:
    """Return the verdict as a sentence, which says where the rows were no real ones."""
    if report.keys_only and report.verdict == "passed":
        return "Passed: the deploy and its rollback ran on made-up rows with replaced keys within all limits."
    return VERDICTS[report.verdict]


def notes(report: RehearsalReport) -> Iterator[str]:
    """Return what else is to be said, one sentence each."""
    if report.is_empty:
        return
    why = f" ({report.why_not_the_server})" if report.why_not_the_server else ""
    took = f"copied in {format_seconds(report.seconds_to_copy)}, cloned in {format_seconds(report.seconds_to_clone)}"
    if report.place == "clone":
        took = f"given in {format_seconds(report.seconds_to_clone)}"
    yield f"The copy was {PLACES[report.place]}{why}, PostgreSQL {report.copy_version}: {took}."
    if used := report.backup:
        yield (
            f"Its rows are those of the backup {used.name} (SHA-256 {used.sha256}), taken {format_age(used.age)} ago "
            f"at {used.taken_at:%Y-%m-%d %H:%M} UTC. Proof of the backup: {used.proof}."
        )
    if made := report.keys_only:
        keys, filled = pluralize(made.keys, "column"), pluralize(made.filled, "column")
        yield (
            f"Keys only: {keys} with ids or keys got other ones, {filled} made-up values, in "
            f"{pluralize(made.rows, 'row')} of {pluralize(made.tables, 'table')}. No value of a row was copied."
        )
    yield "Owners and privileges are not those of the database: precheck looks at these."
    if report.compared_tables:
        same = report.compared_tables - len(report.differing_tables)
        compared = pluralize(report.rows_compared, "row")
        tables = pluralize(report.compared_tables, "table")
        yield f"After the rollback {same} of {tables} have the same rows ({compared})."
    if report.place != "embedded":
        yield "The figures of WAL are those of the whole server, with what others wrote meanwhile."
        yield "Its server shares roles and settings with other databases: they were compared before and after."
    if report.forecast:
        yield from _forecast_from(report)
    rows = "made-up rows" if report.keys_only else "the rows of patients"
    for one in report.not_removed:
        yield f"The copy {one} was not removed, and holds {rows}. Remove it."
    if report.kept:
        yield f"The copy {report.kept} was kept, and holds {rows}. Drop it when it has served."


def _forecast_from(report: RehearsalReport) -> Iterator[str]:
    known = report.learned
    if known.deploys:
        deploys = pluralize(known.deploys, "earlier deploy")
        factors = sorted({f"{one:.2g}" for one in (known.least, known.most)}, key=float)
        times = f"{known.factor:.2g} times" + (f" ({' to '.join(factors)})" if len(factors) > 1 else "")
        yield f"{deploys} took {times} as long as on such a copy; the forecast has moved by that."
    if report.growth >= WORTH_TELLING:
        yield f"The database is {report.growth:.2g} times as large as the copy; the end of the forecast allows for it."


def steps(report: RehearsalReport) -> Iterator[tuple[str, str, str, int, str, str]]:
    """Return each step: its name, how it ended, its duration, rows, WAL and temporary files."""
    for step in report.steps:
        ended = {0: "done", 1: "refused"}.get(step.exit_code, "failed")
        yield (
            step.name,
            ended,
            format_seconds(step.seconds),
            sum(step.rows.values()),
            format_bytes(step.wal_bytes),
            format_bytes(step.temporary_bytes),
        )


def locks(report: RehearsalReport) -> Iterator[tuple[str, str, str, str, str]]:
    """Return the locks on existing tables that stop writers: step, table, mode, held, waited."""
    for step in report.steps:
        for lock in step.locks:
            if lock.stops_writers:
                yield step.name, lock.table, lock.mode, f"{lock.held_ms:,} ms", f"{lock.waited_ms:,} ms"


def stalls(report: RehearsalReport) -> Iterator[tuple[str, int, str, str]]:
    """Return the longest wait of a write by table: table, writes, wait, errors."""
    for stall in report.stalls or ():
        errors = ", ".join(f"{code}: {number}" for code, number in stall.errors.items())
        yield stall.table, stall.writes, f"{stall.longest_ms:,} ms", errors


def forecasts(report: RehearsalReport) -> Iterator[tuple[str, str, str]]:
    """Return the forecast of each step: its name, what was measured, and the range."""
    for one in report.forecast:
        yield one.step, format_seconds(one.measured), format_range(one.least, one.most)


def _next(report: RehearsalReport) -> Step:
    if report.verdict == "failed":
        return Step(words=next(one.hint for one in report.findings if one.level == "error"))
    if report.is_empty:
        return Step(words="Nothing to do.")
    word = " --rehearsed-keys-only" if report.keys_only else ""
    return Step(words=f"Deploy with the JSON of this report: python manage.py migrate --rehearsed FILE{word}.")


def _steps(report: RehearsalReport) -> Table:
    return table_of(
        "steps",
        "Steps",
        "Each command as it ran on the copy.",
        {"step": TEXT, "ended": TEXT, "took": TEXT, "rows written": NUMBER, "WAL": TEXT, "temporary files": TEXT},
        steps(report),
    )


def _locks(report: RehearsalReport) -> Table:
    return table_of(
        "locks",
        "Locks that stop writers of existing tables",
        "The longest of each, looked at every 10 ms; shorter ones may be missing.",
        {"step": TEXT, "table": NAME, "lock": TEXT, "held": TEXT, "waited for": TEXT},
        locks(report),
    )


def _stalls(report: RehearsalReport) -> Table:
    return table_of(
        "stalls",
        "Writes beside the deploy",
        "Sessions wrote to the locked tables while the deploy ran once more.",
        {"table": NAME, "writes": NUMBER, "longest wait": TEXT, "failed": TEXT},
        stalls(report),
    )


def _forecast(report: RehearsalReport) -> Table:
    return table_of(
        "forecast",
        "Forecast of the real run",
        "From half of the fastest run on the copy to twice the slowest, moved by what earlier deploys took.",
        {"step": TEXT, "on the copy": TEXT, "expected": TEXT},
        forecasts(report),
    )
