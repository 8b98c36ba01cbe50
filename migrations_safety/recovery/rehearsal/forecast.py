"""Forecasts how long the real run takes, from what the same steps took on the copy.

A range has three parts. It goes from half of the fastest run on the copy to twice the slowest one. It moves by the
factor by which earlier deploys on this database took longer than on copies of the same place, and is as wide as these
factors were. Its end grows with the size of the database, where the copy is smaller: dump and restore pack tables and
indexes, and a backup is older.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log
from statistics import mean

from migrations_safety.audit import run_log
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.recovery.rehearsal.report import NOTHING_LEARNED, Forecast, Learned, RehearsalReport
from migrations_safety.recovery.rehearsal.steps import Stage

FASTER, SLOWER = 0.5, 2.0
"""How much faster or slower the real run may be: other load, other disks, a cache that is not warm."""
START = 1.0
"""How many seconds a process of Django may start faster or slower."""
MOMENT = 0.25
"""The same for one migration inside of a process."""
WORTH_LEARNING = 0.05
"""Shorter migrations say nothing about the machine."""
LAST = 10
"""How many of the last deploys are learned from: a machine that was replaced is forgotten."""
MOST = 10.0
"""No earlier deploy moves a forecast by more than this factor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierDeploy:
    """What the migrations of one deploy took together, in seconds."""

    place: str
    """Where its copy was."""
    measured: float
    took: float

    @property
    def factor(self) -> float:
        """How many times as long as on the copy it took."""
        return min(MOST, max(1 / MOST, self.took / self.measured))


def earlier_deploys(connection: Connection) -> tuple[EarlierDeploy, ...]:
    """Return the recorded deploys of this database that had a forecast, the newest first.

    Each counts once, by the sums of its migrations, so that one with many migrations does not outweigh the others.
    """
    if not run_log.tables_exist(connection):
        return ()
    return tuple(rows(connection, "forecast.earlier_deploys", {"shortest": WORTH_LEARNING}, EarlierDeploy))


def learned(earlier: Sequence[EarlierDeploy], *, place: str) -> Learned:
    """Return what the last deploys say of one whose copy is at this place; other places have other disks."""
    factors = [one.factor for one in earlier if one.place == place][:LAST]
    if not factors:
        return NOTHING_LEARNED
    return Learned(deploys=len(factors), factor=exp(mean(map(log, factors))), least=min(factors), most=max(factors))


def with_forecast(
    report: RehearsalReport, stages: Sequence[Stage], *, earlier: Sequence[EarlierDeploy], bytes: int
) -> RehearsalReport:
    """Return the report with a range for each step of the deploy, and for each migration.

    `stages` are the runs of the deploy, `bytes` is the size of the database, which the copy may not have.
    """
    runs = [stage.steps for stage in stages]
    took = [stage.reports.get("migrate", {}).get("took", {}) for stage in stages]
    growth = max(1.0, bytes / runs[0][0].size_before) if runs[0] else 1.0
    known = learned(earlier, place=report.place)
    found = []
    for step in runs[0]:
        if not step.is_way_back and not step.exit_code:
            seconds = [one.seconds for steps in runs for one in steps if one.name == step.name and not one.exit_code]
            of_step = known if step.name == "migrate" else only_wider(known)
            found.append(range_of(step.name, seconds, of_step, growth=growth, slack=START))
    for label in took[0]:
        seconds = [one[label] for one in took if label in one]
        found.append(range_of(label, seconds, known, growth=growth, slack=MOMENT))
    return replace(report, forecast=tuple(found), learned=known, growth=round(growth, 2))


def only_wider(known: Learned) -> Learned:
    """Return what is learned for a command of which no fact was recorded: its range becomes wider and does not move."""
    least, most = min(known.least, FASTER * known.factor), max(known.most, SLOWER * known.factor)
    return replace(known, factor=1.0, least=least, most=most)


def range_of(name: str, seconds: Sequence[float], known: Learned, *, growth: float, slack: float) -> Forecast:
    """Return the range of one step or migration that took these seconds on the copy."""
    faster, slower = min(FASTER * known.factor, known.least), max(SLOWER * known.factor, known.most)
    return Forecast(
        step=name,
        measured=round(mean(seconds), 3),
        least=round(max(0.0, min(seconds) * faster - slack), 3),
        most=round(max(seconds) * slower * growth + slack, 3),
    )
