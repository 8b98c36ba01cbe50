"""What the commands have in common: options, and the report with its closing sentence."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS

from migrations_safety.census.scan_strategy import Reading
from migrations_safety.management.errors import OneSentence, Refused
from migrations_safety.management.streams import report_file, write_report
from migrations_safety.messages.progress import Progress, progress_on


class SafetyCommand(OneSentence):
    """A command that reports: `tell` does the work and gives exit code, text and JSON.

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
            outcome = self.tell(options, progress, lambda: time.monotonic() - started)
            text = json.dumps(outcome.json(), indent=2, ensure_ascii=False) + "\n"
            if options["format"] == "text":
                text = outcome.text(width=screen_width(), colour=wants_colour(self, options))
            write(text) if write else write_report(self.stdout, text)
        if outcome.exit_code:
            raise Refused(outcome.closing, returncode=outcome.exit_code)
        self.stderr.write(outcome.closing, str)

    def tell(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """The command's one call into the domain."""
        raise NotImplementedError


class Outcome:
    """What a command found: its exit code, its closing sentence, and how to draw it."""

    def __init__(
        self, *, exit_code: int, closing: str, text: Callable[..., str], json: Callable[[], dict[str, Any]]
    ) -> None:
        self.exit_code = exit_code
        self.closing = closing
        self.text = text
        self.json = json


def add_target_arguments(parser: ArgumentParser) -> None:
    """Which database, and that it is the right one."""
    if "--database" not in parser._option_string_actions:
        help = "which of the configured databases (default: default)"
        parser.add_argument("--database", metavar="ALIAS", default=DEFAULT_DB_ALIAS, help=help)
    parser.add_argument("--expect-database", metavar="NAME", help="refuse any database of another name")
    help = "refuse where new tables are made in a schema of another name"
    parser.add_argument("--expect-schema", metavar="NAME", help=help)
    parser.add_argument("--no-progress", action="store_true", help="no progress on stderr")


def add_report_arguments(parser: ArgumentParser) -> None:
    """What the report looks like, and where it goes."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text for people, json for scripts")
    help = "write the report there instead of to stdout (whole or not at all, mode 0600)"
    parser.add_argument("--output", metavar="FILE", help=help)


def add_reading_arguments(parser: ArgumentParser) -> None:
    """How large tables are read."""
    help = (
        "how many processes of the server read at once (default: 2; below 64 MB 1, and above 4 GB 1 where tables are "
        "read, which shows how far it is)"
    )
    parser.add_argument("--jobs", type=whole_number("processes", least=1, most=64), metavar="NUMBER", help=help)
    help = "read no more than so many megabytes a second (default: as fast as it goes); with one job"
    parser.add_argument("--max-rate", type=whole_number("megabytes a second", least=1), metavar="MEGABYTES", help=help)


def reading_of(options: dict[str, Any]) -> Reading:
    """What the operator wants; CommandError where the two do not go together."""
    if (options["jobs"] or 1) > 1 and options["max_rate"]:
        raise CommandError("--max-rate goes with one job, without --jobs.")
    return Reading(jobs=options["jobs"], max_rate=options["max_rate"])


def whole_number(unit: str, *, least: int, most: int | None = None) -> Callable[[str], int]:
    """A parser of such numbers, for argparse; `unit` is what its error calls them."""
    to = f"{least:,} to {most:,}" if most else f"{least:,} or more"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most and int(text) > most):
            raise ArgumentTypeError(f"{unit}: a whole number, {to}")
        return int(text)

    return parse


def wants_colour(command: BaseCommand, options: dict[str, Any]) -> bool:
    """Colour on a terminal alone, unless it is asked for or away from."""
    if options["no_color"] or os.environ.get("NO_COLOR") or options["output"]:
        return False
    return bool(options["force_color"] or command.stdout.isatty())


def screen_width() -> int:
    """The width of the terminal, 100 where there is none."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)
