"""What reviewers of migrations find, beside what plain Django does: `python -m tests.benchmarks.review`.

Makes a populated database with an app for each operation, lets plain Django apply each to learn the truth, and gives
the same pending migrations to `precheck` and to its rivals. Rivals that are not installed are named and left out.
Of further operations it compares the truth with the plan of `precheck` alone. Then it makes large projects, and
compares the time of precheck with that of `migrate --plan`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from migrations_safety import __version__
from migrations_safety.postgresql.embedded_server import Server
from tests.benchmarks.machine import machine
from tests.benchmarks.review.effects import Effects
from tests.benchmarks.review.further_operations import FURTHER
from tests.benchmarks.review.ours import our_review, shown
from tests.benchmarks.review.project import Project, copied
from tests.benchmarks.review.reviewers import APP, RIVALS, Reviewer, Rules, reviewed, sql_files
from tests.benchmarks.review.scores import Truth, differences, score, shows_hazard, table, truths
from tests.benchmarks.review.sizes import HEAD, line, sizes

MEASURES = ["reviewers", "further", "sizes"]


def main() -> int:
    """Review, print, write; exit code 0 if ours found all hazards, invented none, and differs nowhere."""
    options = arguments()
    server = Server.create(version=options.postgresql)
    report: dict[str, Any] = {"reviewers": [], "differences": []}
    try:
        if "reviewers" in options.measures:
            with tempfile.TemporaryDirectory(prefix="review-") as folder:
                project = Project(folder=Path(folder), url=made(server, "review"))
                report |= review(server, project, rows=options.rows, rivals=options.rivals)
        if "further" in options.measures:
            with tempfile.TemporaryDirectory(prefix="review-") as folder:
                project = Project(folder=Path(folder), url=made(server, "further"), listed=FURTHER)
                report["differences"] += further(server, project, rows=options.rows)
        if "sizes" in options.measures:
            report["sizes"] = list(sizes(server, options.migrations, rounds=options.rounds))
        report = {"machine": machine(server, "tests.benchmarks.review")} | report
    finally:
        server.remove()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    print(text_of(report))
    print(f"Written to {options.output}.")
    wrong = [one for one in report["reviewers"][:1] if one["missed"] or one["invented"]]
    return int(bool(wrong or report["differences"]))


def text_of(report: dict[str, Any]) -> str:
    """Return the tables, and what differs from the truth."""
    lines = [table(report["reviewers"])] if report["reviewers"] else []
    for one in report["differences"]:
        lines.append(f"{one['operation']}: plain Django {one['truth']}, precheck {one['shown']}")
    if report.get("sizes"):
        lines += [HEAD, *map(line, report["sizes"])]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """Rows in each table, the version of PostgreSQL, where to write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.review", description=__doc__)
    parser.add_argument("--measures", nargs="+", default=MEASURES, choices=MEASURES)
    parser.add_argument("--without-rivals", dest="rivals", action="store_false", help="let precheck alone review")
    parser.add_argument("--rows", type=int, default=500, help="rows in each table")
    parser.add_argument("--migrations", type=int, nargs="+", default=[500, 1000], help="sizes of large projects")
    parser.add_argument("--rounds", type=int, default=3, help="how often each command is run in a large project")
    parser.add_argument("--postgresql", type=int, default=18, metavar="VERSION")
    parser.add_argument("--output", type=Path, default=Path(".cache/review.json"), metavar="FILE")
    return parser.parse_args()


def made(server: Server, name: str) -> str:
    """Make a database, and return its URL."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url(name)


def further(server: Server, project: Project, *, rows: int) -> list[dict[str, Any]]:
    """Return of which further operations the plan of precheck shows anything else than plain Django does."""
    truth = true_effects(server, project, rows=rows)
    say("precheck …")
    found = differences(truth, shown(project))
    say(f"{len(truth)} further operations, {len(found)} of which precheck shows otherwise.")
    return found


def review(server: Server, project: Project, *, rows: int, rivals: bool) -> dict[str, Any]:
    """Learn the truth on a copy, then let each reviewer read."""
    truth = true_effects(server, project, rows=rows)
    say("precheck …")
    ours = our_review(project)
    in_plan = shows_hazard(truth, ours.shown)
    named = {label for label, rules in ours.findings.items() if rules}
    us = {"package": "django-migrations-safety", "version": __version__, "reads": f"{APP}, on the populated database"}
    scores: list[dict[str, Any]] = [
        us | {"reviewer": "precheck, what the plan shows", "seconds": ours.seconds} | score(truth, in_plan),
        us | {"reviewer": "precheck, a finding", "seconds": None} | score(truth, named),
    ]
    named_by: dict[str, Rules] = {"precheck": ours.findings}
    if rivals:
        scores += of_rivals(server, project, truth, named_by)
    return {
        "reviewers": scores,
        "differences": differences(truth, ours.shown),
        "operations": [of_operation(label, one, named_by) for label, one in truth.items()],
    }


def true_effects(server: Server, project: Project, *, rows: int) -> dict[str, Truth]:
    """Make the populated database, and let plain Django apply everything to a copy."""
    say("Making the populated database …")
    project.write(rows)
    name = project.url.rpartition("/")[2]
    say("Plain Django …")
    done = project.run("-m", "tests.benchmarks.review.truth", url=copied(server, f"plain_{name}", template=name))
    if done.returncode:
        raise RuntimeError(done.stderr)
    effects = {label: Effects(**one) for label, one in json.loads(done.stdout).items()}
    return truths(project.operations, effects)


def of_rivals(
    server: Server, project: Project, truth: dict[str, Truth], named_by: dict[str, Rules]
) -> Iterator[dict[str, Any]]:
    """The score of each rival; what each names is noted in `named_by`."""
    files = sql_files(project)
    for rival in RIVALS:
        about = {"reviewer": rival.package, "package": rival.package, "version": rival.version, "reads": rival.reads}
        if rival.version is None:
            say(f"{rival.package} is not installed.")
            yield about | {"skipped": "not installed"}
            continue
        say(f"{rival.package} {rival.version} …")
        yield about | of_rival(server, project, rival, files, truth, named_by)


def of_rival(
    server: Server,
    project: Project,
    rival: Reviewer,
    files: list[Path],
    truth: dict[str, Truth],
    named_by: dict[str, Rules],
) -> dict[str, Any]:
    """Let one rival read, on a copy of its own."""
    url = copied(server, rival.package, template="review")
    found = reviewed(rival, project, files, url)
    named_by[rival.package] = found.rules
    return {"seconds": found.seconds} | score(truth, set(found.rules))


def of_operation(label: str, one: Truth, named_by: dict[str, Rules]) -> dict[str, Any]:
    """One operation: the truth, and what each reviewer names."""
    named = {reviewer: sorted(rules.get(label, ())) for reviewer, rules in named_by.items()}
    return {"operation": one.operation.name, "kind": one.kind, "hazards": one.hazards} | {
        "truth": asdict(one.effects),
        "named_by": named,
    }


def say(sentence: str) -> None:
    """Progress, on stderr."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
