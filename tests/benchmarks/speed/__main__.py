"""How fast the commands are beside their rivals: `python -m tests.benchmarks.speed --rows 1000000 10000000`.

Builds hospitals on a PostgreSQL server of its own, runs the rivals in turn, several rounds, and prints ratios with
their spread; writes them as JSON and as a picture.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.machine import SETTINGS, machine
from tests.benchmarks.speed import measures
from tests.benchmarks.speed.hospitals import INDEXED, Hospital
from tests.benchmarks.speed.picture import draw

MEASURES = ("census", "approximate", "backfill", "verify", "start-up")
BACKFILL_ROWS = 1_000_000
"""With many ids, 500,000 placeholders: the size of the target. Smaller hospitals are taken as they are."""


def main() -> int:
    """Measure, print, write; exit code 0 when everything ran, whether or not a target was met."""
    os.environ["MIGRATIONS_SAFETY_MEASURE"] = "no"  # what is timed is the counting of rows
    options = arguments()
    server = Server.create(version=options.postgresql, settings=SETTINGS)
    results: list[dict[str, Any]] = []
    try:
        for shape in hospitals(options):
            for result in of_hospital(server, shape, options):
                result |= {"targets": measures.targets(result)}
                results.append(result)
                say(one_line(result))
                report = {"machine": machine(server, "tests.benchmarks.speed"), "rounds": options.rounds}
                write(options.output, report | {"results": results})
    finally:
        server.remove()
    draw(results, options.picture)
    say(f"Written to {options.output} and {options.picture}.")
    return 0


def arguments() -> argparse.Namespace:
    """Sizes and shapes of the hospitals, what to measure, where to write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed", description=__doc__)
    help = "rows in the five tables together"
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000], help=help)
    parser.add_argument("--ids", nargs="+", default=["uuid", "text"], choices=["uuid", "text"], help="type of the ids")
    help = "distinct ids: few (one for 20 rows) or many (one for 2)"
    parser.add_argument("--distinct", nargs="+", default=["few", "many"], choices=["few", "many"], help=help)
    help = "whether the referencing columns have indexes: all, all but one as in the hospital's own schema, none"
    parser.add_argument("--indexed", nargs="+", default=list(INDEXED), choices=list(INDEXED), help=help)
    parser.add_argument("--measures", nargs="+", default=list(MEASURES), choices=MEASURES)
    parser.add_argument("--jobs", type=int, nargs="*", default=[1], help="also count with so many --jobs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgresql", type=int, default=18, metavar="VERSION")
    parser.add_argument("--output", type=Path, default=Path(".cache/speed.json"), metavar="FILE")
    parser.add_argument("--picture", type=Path, default=Path(".cache/speed.svg"), metavar="FILE")
    return parser.parse_args()


def hospitals(options: argparse.Namespace) -> Iterator[Hospital]:
    """Every shape that was asked for."""
    for rows, ids, distinct, indexed in product(options.rows, options.ids, options.distinct, options.indexed):
        yield Hospital(rows=rows, id_type=ids, distinct=distinct, indexed=indexed)


def of_hospital(server: Server, hospital: Hospital, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """All measures of one hospital; those that do not depend on the shape once for each size."""
    say(f"Making {hospital.label} …")
    url = hospital.create(server)
    is_first = (hospital.id_type, hospital.distinct, hospital.indexed) == (
        options.ids[0], options.distinct[0], options.indexed[0],
    )  # fmt: skip
    wanted = {"census": measures.census(url, hospital, options.rounds, options.jobs)}
    if is_first:
        wanted["approximate"] = measures.approximate(url, hospital, options.rounds)
        wanted["verify"] = measures.verify(server, hospital, options.rounds)
        wanted["start-up"] = measures.start_up(url, hospital, options.rounds + 2)
    if hospital.distinct == options.distinct[-1] and hospital.rows <= BACKFILL_ROWS and hospital.indexed == "yes":
        wanted["backfill"] = measures.backfill(server, hospital, options.rounds)
    for name, results in wanted.items():
        if name in options.measures:
            for result in results:
                extra = f" {result['options']}" if result.get("options") else ""
                yield {"label": hospital.label + extra, "rows": hospital.rows} | result
    hospital.drop(server)


def one_line(result: dict[str, Any]) -> str:
    """The figures that have a spread, and the targets."""
    found = [f"{result['measure']:11s} {result['label']}:"]
    for name, value in result.items():
        if isinstance(value, dict) and "median" in value:
            found.append(f"{name} {value['median']:g} ({value['min']:g} to {value['max']:g})")
        elif name in ("peak_mb", "temporary_mb", "placeholders", "batches", "longest_batch_ms", "verdict"):
            found.append(f"{name} {value}")
    found += [f"{'MET' if met else 'NOT MET'}: {target}" for target, met in result["targets"].items()]
    return "\n    ".join(found)


def write(file: Path, report: dict[str, Any]) -> None:
    """After each result, so that an interrupted run has what it measured."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=2) + "\n")


def say(sentence: str) -> None:
    """To stderr, at once."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
