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

from django.core.management.base import BaseCommand

from migrations_safety.management.arguments import add_report_arguments, add_target_arguments
from migrations_safety.management.errors import ErrorsAsSentences, Refused
from migrations_safety.management.report_file import report_file
from migrations_safety.management.streams import write_report
from migrations_safety.messages.progress import Progress, progress_on


class SafetyCommand(ErrorsAsSentences):
    """A command that reports: `run_report` does the work and gives exit code, text and JSON.

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
            text = json.dumps(outcome.json(), indent=2, ensure_ascii=False) + "\n"
            if options["format"] == "text":
                text = outcome.text(width=screen_width(), colour=wants_colour(self, options))
            write(text) if write else write_report(self.stdout, text)
        if outcome.exit_code:
            raise Refused(outcome.closing, returncode=outcome.exit_code)
        self.stderr.write(outcome.closing, str)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """The command's one call into the domain."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a command found: its exit code, its closing sentence, and how to draw it."""

    exit_code: int
    closing: str
    text: Callable[..., str]
    """Takes `width` (in characters) and `colour`."""
    json: Callable[[], dict[str, Any]]


def wants_colour(command: BaseCommand, options: dict[str, Any]) -> bool:
    """Colour on a terminal alone, unless it is asked for or away from."""
    if options["no_color"] or os.environ.get("NO_COLOR") or options["output"]:
        return False
    return bool(options["force_color"] or command.stdout.isatty())


def screen_width() -> int:
    """The width of the terminal, 100 where there is none."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)
