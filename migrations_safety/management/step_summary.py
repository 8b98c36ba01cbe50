"""Appends to the summary of a step of GitHub Actions, which GitHub shows on the page of the run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

SUMMARY = "GITHUB_STEP_SUMMARY"
SUMMARY_BYTES = 1024 * 1024
"""How large GitHub lets the summary of a step become; it shows nothing of a larger one."""


def append_summary(draw: Callable[[int], str]) -> None:
    """Append to the summary of GitHub's step, if this is one, what `draw` returns for the bytes that are left.

    Raises OSError if the file cannot be written.
    """
    if not (file := os.environ.get(SUMMARY)):
        return
    path = Path(file)
    left = SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
    if text := draw(left):
        with path.open("a", encoding="utf-8") as summary:
            summary.write(text)
