"""The formats of a review that CI systems read, and the folder from which these count paths."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering import github, gitlab, junit, sarif

OF_CI: dict[str, Callable[..., str]] = {
    "sarif": sarif.precheck,
    "junit": junit.precheck,
    "github": github.precheck,
    "gitlab": gitlab.precheck,
}
CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""The variables in which GitHub and GitLab name the folder of the checkout."""


def for_ci(report: PrecheckReport, *, seconds: float, at: datetime) -> dict[str, Callable[[], str]]:
    """Return by the name of each format a function that draws the report in it."""
    drawn = partial(_drawn, report, seconds=seconds, at=at)
    return {name: partial(drawn, draw) for name, draw in OF_CI.items()}


def _drawn(report: PrecheckReport, draw: Callable[..., str], *, seconds: float, at: datetime) -> str:
    return draw(report, seconds=seconds, at=at, root=repository())


def repository() -> Path:
    """Return the folder that CI systems count paths from: that of the checkout, else of the git repository.

    It is the working directory where neither is above it.
    """
    here = Path.cwd()
    return next((folder for folder in _above(here) if folder == here or folder in here.parents), here)


def _above(here: Path) -> Iterator[Path]:
    yield from (Path(os.path.realpath(named)) for name in CHECKOUTS if (named := os.environ.get(name)))
    yield from (folder for folder in (here, *here.parents) if (folder / ".git").exists())
