"""What is measured, each as rounds of the ways in turn: a machine's mood meets all of them alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median
from typing import Any

from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.speed import ways
from tests.benchmarks.speed.hospitals import Hospital, copied

Result = dict[str, Any]
MANAGE = "manage.py"
PRECHECK = (MANAGE, "precheck", "--format", "json", "--no-progress")
ROWS_OF_TARGETS = 10_000_000
TIMES_REVIEW, TIMES_FLOOR, TIMES_INSERT = 4.0, 5.0, 1.0
LONGEST_BATCH_MS, VERIFY_MS, START_UP_MS, PEAK_MB = 500, 300, 300, 150


def census(url: str, hospital: Hospital, rounds: int, jobs: Sequence[int]) -> Iterator[Result]:
    """Ours against the review and against the floor; ours as the command counts it, catalog and all."""
    for options in ([], *(["--jobs", str(number)] for number in jobs)):
        found: dict[str, list[float]] = {"floor": [], "review": [], "ours": []}
        peaks, spilled = [], []
        for _ in range(rounds):
            found["floor"].append(ways.floor(url))
            found["review"].append(ways.review(url, hospital))
            ours, bytes_written = ways.temporary_bytes(url, partial(ways.command, url, hospital, *PRECHECK, *options))
            found["ours"].append(ours["report"]["seconds"])
            peaks.append(ours["peak_mb"])
            spilled.append(bytes_written)
        yield {
            "measure": "census",
            "options": " ".join(options),
            "seconds": {name: spread(seconds) for name, seconds in found.items()},
            "times_as_fast_as_the_review": spread(quotients(found["review"], found["ours"])),
            "times_the_floor": spread(quotients(found["ours"], found["floor"])),
            "peak_mb": max(peaks),
            "temporary_mb": round(max(spilled) / 1024**2),
        }


def approximate(url: str, hospital: Hospital, rounds: int) -> Iterator[Result]:
    """The first look, as a whole command less its start."""
    seconds = [ways.command(url, hospital, *PRECHECK, "--approximate")["report"]["seconds"] for _ in range(rounds)]
    yield {"measure": "approximate", "seconds": {"ours": spread(seconds)}}


def backfill(server: Server, hospital: Hospital, rounds: int) -> Iterator[Result]:
    """Ours without risk flags, and as it is, against the review's single INSERT; each on a copy of its own."""
    found: dict[str, list[float]] = {"single insert": [], "ours without flags": [], "ours": []}
    longest, batches, created = [], [], 0
    for _ in range(rounds):
        with copied(server, hospital) as url:
            found["single insert"].append(ways.single_insert(url))
        with copied(server, hospital) as url:
            inside = ways.command(url, hospital, "-m", "tests.benchmarks.speed.inside", "backfill")["report"]
        found["ours without flags"].append(inside["seconds"])
        longest.append(inside["longest_ms"])
        batches.append(inside["batches"])
        created = inside["created"]
        with copied(server, hospital) as url:
            command = (MANAGE, "backfill_placeholders", "--format", "json", "--no-progress")
            found["ours"].append(ways.command(url, hospital, *command)["report"]["seconds"])
    yield {
        "measure": "backfill",
        "placeholders": created,
        "batches": max(batches),
        "longest_batch_ms": max(longest),
        "seconds": {name: spread(seconds) for name, seconds in found.items()},
        "times_the_single_insert": spread(quotients(found["ours without flags"], found["single insert"])),
        "flags_seconds": spread([a - b for a, b in zip(found["ours"], found["ours without flags"], strict=True)]),
    }


def verify(server: Server, hospital: Hospital, rounds: int) -> Iterator[Result]:
    """The database's time for a schema that is as declared, and for the recount beside it."""
    with copied(server, hospital) as url:
        for command in ("backfill_placeholders", "migrate"):
            ways.command(url, hospital, MANAGE, command, "--no-progress")
        found = [
            ways.command(url, hospital, "-m", "tests.benchmarks.speed.inside", "verify")["report"]
            for _ in range(rounds)
        ]
    yield {
        "measure": "verify",
        "verdict": found[-1]["verdict"],
        "schema_ms": spread([one["schema_ms"] for one in found]),
        "recount_ms": spread([one["recount_ms"] for one in found]),
    }


def start_up(url: str, hospital: Hospital, rounds: int) -> Iterator[Result]:
    """Whole processes, against bare `manage.py check`."""
    what = {name: tuple(name.split()) for name in ("check", "precheck --help", "precheck --no-data")}
    found: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(rounds):
        for name, arguments in what.items():
            found[name].append(ways.command(url, hospital, MANAGE, *arguments)["seconds"])
    yield {
        "measure": "start-up",
        "seconds": {name: spread(seconds) for name, seconds in found.items()},
        "more_ms": {
            name: spread([1000 * (a - b) for a, b in zip(found[name], found["check"], strict=True)])
            for name in what
            if name != "check"
        },
    }


def quotients(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Round by round."""
    return [one / other for one, other in zip(numerators, denominators, strict=True)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Smallest, median and largest."""
    figures = {"min": min(values), "median": median(values), "max": max(values)}
    return {name: round(value, 3) for name, value in figures.items()}


def targets(result: Result) -> dict[str, bool]:
    """Each target of the measure and whether its median met it."""
    match result["measure"]:
        case "census":
            at_their_size = {
                f"at least {TIMES_REVIEW:g} times as fast as the review": middle(result, "times_as_fast_as_the_review")
                >= TIMES_REVIEW,
                f"at most {TIMES_FLOOR:g} times the floor": middle(result, "times_the_floor") <= TIMES_FLOOR,
            }
            memory = {f"the client under {PEAK_MB} MB": result["peak_mb"] < PEAK_MB}
            return memory | (at_their_size if result["rows"] >= ROWS_OF_TARGETS else {})
        case "backfill":
            return {
                "no slower than the single INSERT": middle(result, "times_the_single_insert") <= TIMES_INSERT,
                f"no transaction longer than {LONGEST_BATCH_MS} ms": result["longest_batch_ms"] < LONGEST_BATCH_MS,
            }
        case "verify":
            return {f"the schema in under {VERIFY_MS} ms": middle(result, "schema_ms") < VERIFY_MS}
        case "start-up":
            return {
                f"{name} at most {START_UP_MS} ms more than check": more["median"] <= START_UP_MS
                for name, more in result["more_ms"].items()
            }
    return {}


def middle(result: Result, name: str) -> float:
    """The median of one of its figures."""
    return float(result[name]["median"])
