"""The options of a measurement, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

PATIENCE = 60
"""How many seconds the plan may take on the scratch database."""

ROLLBACK_SECONDS = 2.0
"""How many seconds of the measurement the rollback may take. Django builds the models anew for each of its steps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasureOptions:
    """Where the plan is measured, and how much of it. The defaults measure everything but Python code."""

    is_wanted: bool = True
    scratch_url: str | None = None
    """The URL of an empty database that is used instead of a new one."""
    measure_python: bool = False
    """Whether the code of RunPython is run, too."""
    max_seconds: float = PATIENCE
    """After how many seconds the measurement is given up."""
    as_superuser: bool = False
    """Whether the scratch database may be on the same server although the role is a superuser there."""
    rollback_seconds: float = ROLLBACK_SECONDS
    """After how many seconds no further migration is unapplied; with 0 the rollback is not measured."""


EVERYTHING = MeasureOptions()
NOT_WANTED = MeasureOptions(is_wanted=False)
