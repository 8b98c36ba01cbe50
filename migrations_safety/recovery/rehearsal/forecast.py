"""Forecasts how long the real run takes, from what the same steps took on the copy."""

from __future__ import annotations

from collections.abc import Sequence

from migrations_safety.recovery.rehearsal.report import Forecast, Step

FASTER, SLOWER = 0.5, 2.0
"""How much faster or slower the real run may be: other load, other disks, a cache that is not warm."""
START = 1.0
"""How many seconds a process of Django may start faster or slower."""


def forecast(runs: Sequence[Sequence[Step]], *, error: float = 1.0) -> tuple[Forecast, ...]:
    """Return a range for each step of the deploy; `runs` are the same steps, once for each run.

    `error` is by what factor earlier forecasts on this database were too low (above 1) or too high (below 1).
    """
    names = [step.name for step in runs[0] if not step.is_way_back]
    found = []
    for name in names:
        took = [step.seconds for steps in runs for step in steps if step.name == name and not step.exit_code]
        if took:
            found.append(
                Forecast(
                    step=name,
                    measured=round(min(took), 3),
                    least=round(max(0.0, min(took) * FASTER * min(error, 1.0) - START), 3),
                    most=round(max(took) * SLOWER * max(error, 1.0) + START, 3),
                )
            )
    return tuple(found)
