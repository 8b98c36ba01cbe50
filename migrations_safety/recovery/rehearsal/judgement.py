"""Judges what was seen on the copy: steps, limits, the way back, and the copy itself."""

from __future__ import annotations

from collections.abc import Iterator

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import format_bytes, format_seconds
from migrations_safety.messages.wording import rehearsal as wording
from migrations_safety.recovery.rehearsal.report import KeysOnly, RehearsalReport, Step

VERIFY = "verify_schema"
"""The step that compares the schema with the models."""
ROWS = "TABLE DATA "
"""How an entry of an archive begins that holds the rows of a table."""


def judge(
    report: RehearsalReport,
    *,
    schema_is_back: bool | None,
    refused: tuple[Step, ...],
    stays_pending: int = 0,
    beside_writers: tuple[Step, ...] = (),
) -> tuple[Finding, ...]:
    """Return the findings; `refused` are the rollbacks that ran without their check.

    `stays_pending` is the number of other pending migrations. `beside_writers` are the steps of the second
    deploy, which others wrote beside. `schema_is_back` is None where there was no rollback to compare after.
    """
    found = [
        *_steps(report.steps, stays_pending),
        *_steps(beside_writers, stays_pending),
        *_failed_writes(report),
        *map(wording.rows_differ, report.differing_tables),
    ]
    found += [wording.schema_differs()] if schema_is_back is False else []
    found += [*_limits(report), *map(wording.shared_object_changed, report.changed_objects)]
    found += [_not_restored(entry) for entry in report.not_restored]
    found += map(wording.way_is_open, report.open_ways)
    if int(report.copy_version.partition(".")[0]) != report.basis.server_major:
        found.append(wording.other_version(copy=report.copy_version, server=report.target.server_version))
    found += [wording.way_back_refused(step.name, command=step.command) for step in refused]
    if not report.stalls:
        found.append(wording.nobody_wrote())
    return (*found, *_made_up(report.keys_only), *map(wording.left_out, report.left_out))


def has_failed(step: Step, stays_pending: int) -> bool:
    """Whether a step failed; with other pending migrations the schema also lacks what only these create."""
    return bool(step.exit_code) and not (step.exit_code == 1 and step.name == VERIFY and stays_pending)


def _made_up(keys_only: KeysOnly | None) -> Iterator[Finding]:
    if keys_only is None:
        return
    yield from map(wording.not_kept, keys_only.lost)
    yield from map(wording.constraint_left_out, keys_only.left_out)
    yield from map(wording.rows_not_made, keys_only.empty)
    if keys_only.plan_unknown:
        yield wording.demands_unknown(keys_only.plan_unknown)
    yield wording.made_up()


def _not_restored(entry: str) -> Finding:
    if entry.startswith(ROWS):
        return wording.rows_missing(entry.removeprefix(ROWS))
    return wording.not_restored(entry)


def _steps(steps: tuple[Step, ...], stays_pending: int) -> Iterator[Finding]:
    for step in steps:
        if step.exit_code and step.is_way_back:
            yield wording.way_back_failed(step.name, said=step.said)
        elif step.exit_code == 1:
            ids = tuple(dict.fromkeys(one["id"] for one in step.findings if one["level"] == "error"))
            if has_failed(step, stays_pending):
                yield wording.step_refused(step.name, command=step.command, ids=ids)
            else:
                yield wording.verified_early(step.name, ids=ids, pending=stays_pending)
        elif step.exit_code:
            yield wording.step_failed(step.name, command=step.command, said=step.said)


def _failed_writes(report: RehearsalReport) -> Iterator[Finding]:
    for stall in report.stalls or ():
        if stall.errors:
            yield wording.writes_failed(stall.table, writes=sum(stall.errors.values()), codes=sorted(stall.errors))


def _limits(report: RehearsalReport) -> Iterator[Finding]:
    limits, deploy = report.limits, report.deploy
    stall, lock = report.longest_stall, report.longest_lock
    if stall and stall.longest_ms > limits.stall_ms:
        found = f"{stall.longest_ms:,} ms on {stall.table}"
        yield _over("longest wait of a write", found, f"{limits.stall_ms:,} ms", "--limit-stall")
    if lock and lock.held_ms > limits.lock_ms:
        found = f"{lock.held_ms:,} ms ({lock.mode} on {lock.table})"
        yield _over("longest lock that stops writers", found, f"{limits.lock_ms:,} ms", "--limit-lock")
    seconds, wal = sum(step.seconds for step in deploy), sum(step.wal_bytes for step in deploy)
    if seconds > limits.seconds:
        yield _over("duration", format_seconds(seconds), format_seconds(limits.seconds), "--limit-duration")
    if wal > limits.wal_mb * 1_000_000:
        yield _over("WAL", format_bytes(wal), format_bytes(limits.wal_mb * 1_000_000), "--limit-wal")
    if deploy:
        before, grown = deploy[0].size_before, deploy[-1].size_after - deploy[0].size_before
        if grown > max(before * limits.growth_percent / 100, limits.growth_mb * 1_000_000):
            share = f"{100 * grown / before:.0f} %"
            yield _over("growth of the database", share, f"{limits.growth_percent} %", "--limit-growth")


def _over(what: str, found: str, limit: str, option: str) -> Finding:
    return wording.over_limit(what, found=found, limit=limit, option=option)
