"""What `precheck` says of each app: what its plan shows, and which findings name it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.review.effects import LOCKS, Effects
from tests.benchmarks.review.project import Project

TIMES_AS_LARGE = 100_000
"""Findings depend on sizes: for them the statistics say that each table is so many times as large as it is."""
LARGE = ("rows", "bytes", "index_bytes")


@dataclass(frozen=True, kw_only=True, slots=True)
class OurReview:
    """By the label of the app what the plan shows, and the findings of level warning or error."""

    shown: dict[str, Effects]
    findings: dict[str, set[str]]
    seconds: float


def our_review(project: Project) -> OurReview:
    """Run precheck as it is, timed, then once more with statistics of large tables, for the findings."""
    started = time.perf_counter()
    report = _precheck(project)
    seconds = round(time.perf_counter() - started, 2)
    large = _precheck(project, "--statistics", str(_statistics_of_large_tables(project)))
    return OurReview(shown=_shown(report["plan"]), findings=_named(large["findings"]), seconds=seconds)


def shown(project: Project) -> dict[str, Effects]:
    """Return by the label of the app what the plan of precheck shows."""
    return _shown(_precheck(project)["plan"])


def _precheck(project: Project, *options: str) -> Any:
    done = project.run("-m", "django", "precheck", "--format", "json", *options, reviewer="migrations_safety")
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def _statistics_of_large_tables(project: Project) -> Path:
    file = project.folder / "statistics.json"
    done = project.run("-m", "django", "precheck", "--write-statistics", str(file), reviewer="migrations_safety")
    if done.returncode:
        raise RuntimeError(done.stderr)
    statistics = json.loads(file.read_text())
    for table in statistics["tables"]:
        table |= {name: (table[name] or 0) * TIMES_AS_LARGE for name in LARGE}
    file.write_text(json.dumps(statistics))
    return file


def _shown(plan: Any) -> dict[str, Effects]:
    if plan["measured"] == "no" or plan["error"]:
        raise RuntimeError(f"not measured: {plan['reason'] or plan['error']}")
    shown = {}
    for transaction in plan["transactions"]:
        label = transaction["migrations"][0].partition(".")[0]
        statements = [one for operation in transaction["operations"] for one in operation["statements"]]
        tables = [one for statement in statements for one in statement["tables"] if not one["new"]]
        shown[label] = Effects(
            locks=_strongest(tables),
            scanned=sorted({one["table"] for one in tables if one["scanned"]}),
            rewritten=sorted({one["table"] for one in tables if one["rewritten"]}),
            dropped=sorted({one["table"] for one in tables if one["dropped"]}),
        )
    return shown


def _strongest(tables: list[Any]) -> dict[str, str]:
    locks: dict[str, str] = {}
    for one in tables:
        if one["lock"]:
            locks[one["table"]] = max(locks.get(one["table"], one["lock"]), one["lock"], key=LOCKS.index)
    return dict(sorted(locks.items()))


def _named(findings: list[Any]) -> dict[str, set[str]]:
    named: dict[str, set[str]] = {}
    for one in findings:
        if one["level"] in ("error", "warning"):
            label = (one["migration"] or one["subject"])[:4]
            named.setdefault(label, set()).add(one["id"])
    return named
