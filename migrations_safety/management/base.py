"""The base classes of the commands: shared options, the report, and the closing sentence."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from migrations_safety.management.arguments import add_report_arguments, add_target_arguments
from migrations_safety.management.errors import LOOKED_AND_FOUND, ErrorsAsSentences, Refused
from migrations_safety.management.report_file import report_file
from migrations_safety.management.streams import write_report
from migrations_safety.messages.progress import Progress, progress_on


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a command found, with the functions that render it as text and as JSON."""

    is_refused: bool
    """True if the command looked and found something, which means exit code 1."""
    closing: str
    """The sentence that the command writes to stderr at the end."""
    text: Callable[..., str]
    """Returns the report as text; takes `width` (in characters) and `colour` (a bool)."""
    json: Callable[[], dict[str, Any]]


class ReportingCommand(ErrorsAsSentences):
    """A command that renders its outcome as a report."""

    def drawn(self, outcome: Outcome, options: dict[str, Any]) -> str:
        """The report on `outcome` in the format that `--format` names."""
        if options["format"] == "json":
            return json.dumps(outcome.json(), indent=2, ensure_ascii=False) + "\n"
        return outcome.text(width=screen_width(), colour=self.wants_colour(options))

    def close(self, outcome: Outcome, *, is_quiet: bool = False) -> None:
        """Write the closing sentence to stderr, unless `is_quiet`.

        If something was found, raise Refused with that sentence instead, which means exit code 1.
        """
        if outcome.is_refused:
            raise Refused(outcome.closing, returncode=LOOKED_AND_FOUND)
        if not is_quiet:
            self.stderr.write(outcome.closing, str)

    def wants_colour(self, options: dict[str, Any]) -> bool:
        """Whether the report has colours: on a terminal, or with `--force-color`.

        It never has them with `--no-color`, `--output` or the variable NO_COLOR.
        """
        if options["no_color"] or os.environ.get("NO_COLOR") or options["output"]:
            return False
        return bool(options["force_color"] or self.stdout.isatty())


class SafetyCommand(ReportingCommand):
    """A command that Django does not have: its `run_report` does the work and returns an Outcome.

    Only the report goes to stdout or to `--output`. Progress and one closing sentence go to stderr.
    """

    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that all commands share."""
        add_target_arguments(parser)
        add_report_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the file of the report, do the work, write the report, and end with the closing sentence."""
        started = time.monotonic()
        with report_file(options["output"]) as write:
            progress = progress_on(sys.stderr, wanted=not options["no_progress"])
            outcome = self.run_report(options, progress, lambda: time.monotonic() - started)
            text = self.drawn(outcome, options)
            write(text) if write else write_report(self.stdout, text)
        self.close(outcome)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Do the work of the command; `seconds` is a function that returns the seconds since its start."""
        raise NotImplementedError


def screen_width() -> int:
    """The width of the terminal in characters, at least 60, and 100 if there is no terminal."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)
