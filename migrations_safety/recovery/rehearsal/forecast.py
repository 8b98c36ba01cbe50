"""Forecasts how long the real run takes, from what the same steps took on the copy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import exp, log
from statistics import mean

from migrations_safety.audit import run_log
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.rehearsal.report import Forecast, Step

FASTER, SLOWER = 0.5, 2.0
"""How much faster or slower the real run may be: other load, other disks, a cache that is not warm."""
START = 1.0
"""How many seconds a process of Django may start faster or slower."""
MOMENT = 0.25
"""The same for one migration inside of a process."""
WORTH_LEARNING = 0.05
"""Shorter migrations say nothing about the machine."""
MOST = 10.0
"""No earlier run changes a forecast by more than this factor."""


def forecast(
    runs: Sequence[Sequence[Step]], took: Sequence[dict[str, float]], *, error: float = 1.0
) -> tuple[Forecast, ...]:
    """Return a range for each step of the deploy, and for each migration.

    `runs` are the steps of each run, `took` the seconds of each migration in it. `error` is by what factor earlier
    forecasts on this database were too low (above 1) or too high (below 1).
    """
    found = []
    for step in runs[0]:
        if not step.is_way_back and not step.exit_code:
            seconds = [one.seconds for steps in runs for one in steps if one.name == step.name and not one.exit_code]
            found.append(_range(step.name, seconds, slack=START, error=error))
    for label in took[0]:
        seconds = [one[label] for one in took if label in one]
        found.append(_range(label, seconds, slack=MOMENT, error=error))
    return tuple(found)


def _range(name: str, seconds: Sequence[float], *, slack: float, error: float) -> Forecast:
    return Forecast(
        step=name,
        measured=round(mean(seconds), 3),
        least=round(max(0.0, min(seconds) * FASTER * min(error, 1.0) - slack), 3),
        most=round(max(seconds) * SLOWER * max(error, 1.0) + slack, 3),
    )


def error_so_far(connection: Connection) -> float:
    """Return by what factor migrations took longer than on the copy, in all recorded runs of this database."""
    if not run_log.tables_exist(connection):
        return 1.0
    factors = []
    for event in run_log.events(connection):
        details = json.loads(event.details) if isinstance(event.details, str) else event.details
        for one in ((details.get("counts") or {}).get("forecast") or {}).values():
            if one["measured"] >= WORTH_LEARNING and one["took"] > 0:
                factors.append(log(one["took"] / one["measured"]))
    return min(MOST, max(1 / MOST, exp(mean(factors)))) if factors else 1.0
