"""From timings to figures: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from migrations_safety.locking.lock_ladder import RUNGS
from migrations_safety.locking.watchdog import INTERVAL
from tests.benchmarks.application import Timings

LONGEST_WAIT_MS = 250
FLAT = 2.0
"""From the fewest rows to the most, the longest wait for a lock may grow by this factor."""
LADDER_MS = max(RUNGS) / 2 + 1000 * INTERVAL
"""What the ladder may make one statement wait for one lock at any size: below it, more is luck and no growth."""
OF_THE_DISK = "Lock extend"
"""A lock in name: whoever has it waits for the disk to make a table longer."""
HEADINGS = (
    "rows",
    "way",
    "total s",
    "runs",
    "longest write ms",
    "for a lock ms",
    "p99 write ms",
    "longest read ms",
    "failed",
    "keys",
)


def figures(timings: Iterable[Timings]) -> dict[str, Any]:
    """The longest wait, the 99th percentile, and what failed; reads are those on patients."""
    timings = list(timings)
    waits = {event: seconds for each in timings for event, seconds in each.waits.items()}
    locks = [seconds for event, seconds in waits.items() if event.startswith("Lock ") and event != OF_THE_DISK]
    writes = sorted(one for each in timings if each.role != "patients" for one in each.seconds)
    reads = sorted(one for each in timings if each.role == "patients" for one in each.seconds)
    failed = Counter(state for each in timings for state in each.failed)
    return {
        "writes": len(writes),
        "longest_write_ms": milliseconds(writes[-1:]),
        "p99_write_ms": milliseconds(percentile(writes, 99)),
        "median_write_ms": milliseconds(percentile(writes, 50)),
        "writes_over_limit": sum(one * 1000 > LONGEST_WAIT_MS for one in writes),
        "longest_lock_wait_ms": milliseconds([max(locks, default=0.0)]),
        "longest_by_wait_ms": {event: milliseconds([one]) for event, one in sorted(waits.items())},
        "longest_by_role_ms": {one.role: milliseconds([max(one.seconds)]) for one in timings if one.seconds},
        "reads": len(reads),
        "longest_read_ms": milliseconds(reads[-1:]),
        "p99_read_ms": milliseconds(percentile(reads, 99)),
        "failed_statements": sum(failed.values()),
        "failed_by_sqlstate": dict(failed),
    }


def percentile(values: Sequence[float], percent: int) -> Sequence[float]:
    """The value, in a list of its own, that so many percent are not above; `values` are sorted."""
    place = max(0, -(-len(values) * percent // 100) - 1)
    return values[place : place + 1]


def milliseconds(seconds: Sequence[float]) -> float | None:
    """Of one value; None where there is none."""
    return round(seconds[0] * 1000, 1) if seconds else None


def growth(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """By candidate, how often the figures of the fewest rows are in those of the most."""
    fewest, most = min(one["rows"] for one in runs), max(one["rows"] for one in runs)
    grown = {}
    for name in dict.fromkeys(one["name"] for one in runs):
        small, large = (of(runs, name, rows) for rows in (fewest, most))
        if fewest < most and "seconds" in small and "seconds" in large:
            grown[name] = {
                figure: round(large[figure] / small[figure], 1) if small[figure] and large[figure] else None
                for figure in ("longest_write_ms", "longest_lock_wait_ms", "p99_write_ms", "seconds")
            }
    return {"rows": [fewest, most], "times": grown}


def targets(runs: Sequence[dict[str, Any]]) -> dict[str, bool]:
    """Whether ours (d) kept what was promised."""
    ours = [one for one in runs if one["name"] == "d"]
    if not ours:
        return {}
    waits = [one["longest_write_ms"] for one in ours]
    for_locks = [one["longest_lock_wait_ms"] for one in sorted(ours, key=lambda one: one["rows"])]
    return {
        "all fifteen keys are there and valid": all(one["valid_keys"] == 15 for one in ours),
        f"longest write wait under {LONGEST_WAIT_MS} ms": max(waits) < LONGEST_WAIT_MS,
        "no failed statement of the application": not any(one["failed_statements"] for one in ours),
        "the wait for locks is flat from the fewest rows to the most": for_locks[-1]
        <= max(LADDER_MS, FLAT * for_locks[0]),
    }


def of(runs: Sequence[dict[str, Any]], name: str, rows: int) -> dict[str, Any]:
    """One run; empty where it was not measured, or not yet."""
    return next((one for one in runs if (one["name"], one["rows"]) == (name, rows)), {})


def table(runs: Sequence[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|" + "---|" * len(HEADINGS)]
    for one in runs:
        cells = [f"{one['rows']:,}", f"{one['name']} {one['what']}"]
        if "seconds" in one:
            names: tuple[str, ...] = (
                "seconds",
                "command_runs",
                "longest_write_ms",
                "longest_lock_wait_ms",
                "p99_write_ms",
            )
            names = (*names, "longest_read_ms", "failed_statements", "valid_keys")
            cells += ["-" if one.get(name) is None else str(one[name]) for name in names]
        if "error" in one:
            cells.append(one["error"])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
