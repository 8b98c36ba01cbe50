"""Measures how long a large report takes to be drawn in each format of precheck, and how long the result is.

    python -m tests.benchmarks.drawing [ROUNDS]

The report has 500 migrations on 100 tables and 2,000 findings. Each figure is the best of all rounds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import django

from migrations_safety.precheck.report import PrecheckReport

ROUNDS = 5
AT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)


def formats() -> Iterator[tuple[str, Callable[[], str]]]:
    """The name of each format with a function that draws the large report in it."""
    from migrations_safety.management.ci_formats import OF_CI
    from migrations_safety.management.commands.precheck import DRAWN
    from migrations_safety.rendering import serialization, text
    from tests.support.reports import large_report

    report = large_report()
    yield "text", partial(text.precheck, report, seconds=1.0, width=100, colour=False)
    yield "json", lambda: json.dumps(serialization.precheck(report, seconds=1.0), indent=2)
    for name, draw in DRAWN.items():
        yield name, partial(draw, report, seconds=1.0, at=AT)
    for name, draw in OF_CI.items():
        yield name, partial(_for_ci, draw, report)


def _for_ci(draw: Callable[..., str], report: PrecheckReport) -> str:
    from migrations_safety.rendering.ci_of_precheck import of_precheck

    return draw(of_precheck(report, root=Path.cwd()), seconds=1.0, at=AT)


def seconds(draw: Callable[[], str]) -> float:
    began = time.perf_counter()
    draw()
    return time.perf_counter() - began


def main(rounds: int = ROUNDS) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ehr.settings")
    django.setup()
    print("| format | seconds | kB |\n|---|---|---|")
    for name, draw in formats():
        print(f"| {name} | {min(seconds(draw) for _ in range(rounds)):.2f} | {len(draw().encode()) / 1000:,.0f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
