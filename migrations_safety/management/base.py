"""The base classes of the commands: shared options, the reports, and the closing sentence."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from migrations_safety.management.arguments import add_report_arguments, add_target_arguments
from migrations_safety.management.errors import LOOKED_AND_FOUND, ErrorsAsSentences, Refused
from migrations_safety.management.report_file import report_file
from migrations_safety.management.report_places import TEXT, ReportPlace, report_places
from migrations_safety.management.step_summary import append_summary
from migrations_safety.management.streams import write_report
from migrations_safety.messages.progress import Progress, progress_on


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a command found, with the functions that render it."""

    is_refused: bool
    """True if the command looked and found something, which means exit code 1."""
    closing: str
    """The sentence that the command writes to stderr at the end."""
    text: Callable[..., str]
    """Returns the report as text; takes `width` (in characters) and `colour` (a bool)."""
    json: Callable[[], dict[str, Any]]
    formats: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """By the name of each further format a function that returns the report in it."""
    summary: Callable[[int], str] | None = None
    """Returns what belongs into the summary of GitHub's step, in at most so many bytes; None for nothing."""


class ReportingCommand(ErrorsAsSentences):
    """A command that renders its outcome as one or more reports."""

    formats: tuple[str, ...] = (TEXT, "json")
    """The formats that the command's Outcome has."""

    @contextmanager
    def reports(self, options: dict[str, Any]) -> Iterator[Callable[..., None]]:
        """A context with a function that writes the reports on an Outcome; their files are opened before any work.

        With `on_stdout=False` the report that has no file is left out. The files are in their places before anything
        is written to stdout, which may be a pipe that nobody reads.
        """
        places = report_places(options, self.formats)
        drawn: dict[ReportPlace, str] = {}
        with ExitStack() as stack:
            files = {place: stack.enter_context(report_file(place.file)) for place in places}

            def write(outcome: Outcome, *, on_stdout: bool = True) -> None:
                wanted = [place for place in places if on_stdout or place.file is not None]
                drawn.update({place: self.drawn(outcome, place, options) for place in wanted})
                for place, text in drawn.items():
                    if to_file := files[place]:
                        to_file(text)
                if outcome.summary and any(place.format == "github" for place in drawn):
                    self._append(outcome.summary)

            yield write
        for place, text in drawn.items():
            if place.file is None:
                write_report(self.stdout, text)

    def _append(self, summary: Callable[[int], str]) -> None:
        """Append to the summary of GitHub's step; where that fails, the report has its other ways to people."""
        try:
            append_summary(summary)
        except OSError as error:
            self.stderr.write(f"The summary of the step cannot be written: {error.strerror}.", str)

    def drawn(self, outcome: Outcome, place: ReportPlace, options: dict[str, Any]) -> str:
        """The report on `outcome` in the format that `place` wants."""
        if place.format == TEXT:
            return outcome.text(width=screen_width(), colour=place.file is None and self.wants_colour(options))
        if place.format == "json":
            return json.dumps(outcome.json(), indent=2, ensure_ascii=False) + "\n"
        return outcome.formats[place.format]()

    def close(self, outcome: Outcome, *, is_quiet: bool = False) -> None:
        """Write the closing sentence to stderr, unless `is_quiet`.

        If something was found, raise Refused with that sentence instead, which means exit code 1.
        """
        if outcome.is_refused:
            raise Refused(outcome.closing, returncode=LOOKED_AND_FOUND)
        if not is_quiet:
            self.stderr.write(outcome.closing, str)

    def wants_colour(self, options: dict[str, Any]) -> bool:
        """Whether a report on stdout has colours: on a terminal, or with `--force-color`.

        It never has them with `--no-color` or the variable NO_COLOR.
        """
        if options["no_color"] or os.environ.get("NO_COLOR"):
            return False
        return bool(options["force_color"] or self.stdout.isatty())


class SafetyCommand(ReportingCommand):
    """A command that Django does not have: its `run_report` does the work and returns an Outcome.

    Only reports go to stdout and to files. Progress and one closing sentence go to stderr.
    """

    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that all commands share."""
        add_target_arguments(parser)
        add_report_arguments(parser, self.formats)

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the files of the reports, do the work, write the reports, and end with the closing sentence."""
        started = time.monotonic()
        with self.reports(options) as write:
            progress = progress_on(sys.stderr, wanted=not options["no_progress"])
            outcome = self.run_report(options, progress, lambda: time.monotonic() - started)
            write(outcome)
        self.close(outcome)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Do the work of the command; `seconds` is a function that returns the seconds since its start."""
        raise NotImplementedError


def screen_width() -> int:
    """The width of the terminal in characters, at least 60, and 100 if there is no terminal."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)
