"""The geometry of the record of runs: when each run began and ended, on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from migrations_safety.audit.report import RecordedRun
from migrations_safety.rendering.document.audit_account import details, duration, outcome, who
from migrations_safety.rendering.timeline import Mark, Stretch

MOST_RUNS = 200
"""How many runs are drawn, the newest ones."""
NARROWEST = 0.6
"""The percent of the width that a run has at least, so that it is seen."""
QUARTERS = 4
STATES = {"finished": "finished", "failed": "failed"}
LEVELS = {"finished": "clean", "failed": "error", "open": "warning"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnRun:
    """One run with its bar; `state` is `finished`, `failed`, or `open` where no end was recorded."""

    began: str
    datetime: str
    command: str
    outcome: str
    state: str
    took: str
    who: str
    details: tuple[str, ...]
    run_id: str
    bar: Stretch

    @property
    def level(self) -> str:
        """The level whose colour the outcome has."""
        return LEVELS[self.state]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunTimeline:
    """All of the picture, newest run first; `left_out` is the number of older runs that are not drawn."""

    marks: tuple[Mark, ...] = ()
    runs: tuple[DrawnRun, ...] = ()
    left_out: int = 0


def run_timeline(runs: Sequence[RecordedRun]) -> RunTimeline:
    """Return the picture of runs, which come oldest first; it is empty where there are none."""
    drawn = runs[-MOST_RUNS:]
    if not drawn:
        return RunTimeline()
    first = min(run.started_at for run in drawn)
    last = max(run.finished_at or run.started_at for run in drawn)
    return RunTimeline(
        marks=tuple(_marks(first, last)),
        runs=tuple(_drawn(run, first=first, span=last - first) for run in reversed(drawn)),
        left_out=len(runs) - len(drawn),
    )


def _marks(first: datetime, last: datetime) -> list[Mark]:
    span = last - first
    form = "%Y-%m-%d" if span > timedelta(days=8) else "%m-%d %H:%M" if span > timedelta(minutes=5) else "%H:%M:%S"
    moments = [first + span * number / QUARTERS for number in range(QUARTERS + 1)]
    return [Mark(x=f"{100 * number / QUARTERS:.4g}%", label=f"{at:{form}}") for number, at in enumerate(moments)]


def _drawn(run: RecordedRun, *, first: datetime, span: timedelta) -> DrawnRun:
    state = STATES.get(run.outcome, "open")
    return DrawnRun(
        began=f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}".strip(),
        datetime=run.started_at.isoformat(timespec="seconds"),
        command=run.command,
        outcome=outcome(run),
        state=state,
        took=duration(run),
        who=who(run),
        details=tuple(details(run)),
        run_id=run.run_id,
        bar=_bar(run, first=first, seconds=span.total_seconds()),
    )


def _bar(run: RecordedRun, *, first: datetime, seconds: float) -> Stretch:
    """Return the bar of a run, which has no end if none was recorded: it then has the smallest width."""
    if seconds <= 0:
        return Stretch(x="0%", width="100%")
    began = 100 * (run.started_at - first).total_seconds() / seconds
    took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    width = min(max(100 * took / seconds, NARROWEST), 100)
    return Stretch(x=f"{min(began, 100 - width):.4g}%", width=f"{width:.4g}%")
