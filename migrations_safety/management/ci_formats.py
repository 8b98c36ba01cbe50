"""The formats that CI systems read, and the folder from which these count paths."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

from migrations_safety.rendering import github, gitlab, junit, sarif
from migrations_safety.rendering.ci_report import CiReport

OF_CI: dict[str, Callable[..., str]] = {
    "sarif": sarif.draw,
    "junit": junit.draw,
    "github": github.draw,
    "gitlab": gitlab.draw,
}
CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""The variables in which GitHub and GitLab name the folder of the checkout."""


def for_ci(report: Callable[[], CiReport], *, seconds: float, at: datetime) -> dict[str, Callable[[], str]]:
    """Return by the name of each format a function that draws the report in it."""
    return {name: partial(_drawn, draw, report, seconds=seconds, at=at) for name, draw in OF_CI.items()}


def _drawn(draw: Callable[..., str], report: Callable[[], CiReport], *, seconds: float, at: datetime) -> str:
    return draw(report(), seconds=seconds, at=at)


def file_of(label: str) -> str | None:
    """Return the file of a migration that Django has loaded; None for any other."""
    app, _, name = label.partition(".")
    with suppress(LookupError):
        module = sys.modules.get(f"{MigrationLoader.migrations_module(app)[0]}.{name}")
        return getattr(module, "__file__", None)
    return None


def repository() -> Path:
    """Return the folder that CI systems count paths from: that of the checkout, else of the git repository.

    It is the working directory where neither is above it.
    """
    here = Path.cwd()
    return next((folder for folder in _above(here) if folder == here or folder in here.parents), here)


def _above(here: Path) -> Iterator[Path]:
    yield from (Path(os.path.realpath(named)) for name in CHECKOUTS if (named := os.environ.get(name)))
    yield from (folder for folder in (here, *here.parents) if (folder / ".git").exists())
