"""What the commands have in common: options, and the report with its closing sentence."""

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
    """What a command found, and how to draw it."""

    is_refused: bool
    """Whether it was looked and something was found: exit code 1."""
    closing: str
    """The sentence on stderr at the end."""
    text: Callable[..., str]
    """Takes `width` (in characters) and `colour`."""
    json: Callable[[], dict[str, Any]]


class ReportingCommand(ErrorsAsSentences):
    """A command that draws its outcome."""

    def drawn(self, outcome: Outcome, options: dict[str, Any]) -> str:
        """The outcome as the operator wants it."""
        if options["format"] == "json":
            return json.dumps(outcome.json(), indent=2, ensure_ascii=False) + "\n"
        return outcome.text(width=screen_width(), colour=self.wants_colour(options))

    def close(self, outcome: Outcome, *, is_quiet: bool = False) -> None:
        """The closing sentence; raised as Refused, for exit code 1, where something was found."""
        if outcome.is_refused:
            raise Refused(outcome.closing, returncode=LOOKED_AND_FOUND)
        if not is_quiet:
            self.stderr.write(outcome.closing, str)

    def wants_colour(self, options: dict[str, Any]) -> bool:
        """Colour on a terminal alone, unless it is asked for or away from."""
        if options["no_color"] or os.environ.get("NO_COLOR") or options["output"]:
            return False
        return bool(options["force_color"] or self.stdout.isatty())


class SafetyCommand(ReportingCommand):
    """A command of our own: `run_report` does the work and gives exit code, text and JSON.

    The report alone goes to stdout or to `--output`; progress and one closing sentence go to stderr.
    """

    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options that all commands share."""
        add_target_arguments(parser)
        add_report_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the way out, do the work, report, close."""
        started = time.monotonic()
        with report_file(options["output"]) as write:
            progress = progress_on(sys.stderr, wanted=not options["no_progress"])
            outcome = self.run_report(options, progress, lambda: time.monotonic() - started)
            text = self.drawn(outcome, options)
            write(text) if write else write_report(self.stdout, text)
        self.close(outcome)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """The command's one call into the domain; `seconds` says how long it took so far."""
        raise NotImplementedError


def screen_width() -> int:
    """The width of the terminal, 100 where there is none."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)
