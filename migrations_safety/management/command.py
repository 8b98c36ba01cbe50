"""What the commands have in common: options, exit codes, the report's way out, errors in one sentence."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper, SystemCheckError
from django.db import DEFAULT_DB_ALIAS

from migrations_safety.errors import explain, frames, is_expected, is_from_data
from migrations_safety.progress import Progress, progress_on
from migrations_safety.reading import Reading

LOOKED_AND_FOUND = 1
COULD_NOT = 2
INTERRUPTED = 130


class Stopped(CommandError):
    """The work was not done, or not finished; its name is what Django prints before the sentence."""


class SafetyCommand(BaseCommand):
    """A command that reports: `tell` does the work and gives exit code, text and JSON.

    The report alone goes to stdout or to `--output`; progress and one closing sentence go to stderr.
    """

    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options that all commands share."""
        add_target_arguments(parser)
        add_report_arguments(parser)

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run, and turn every error into one sentence and its exit code."""
        with one_sentence(self.stderr):
            return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the way out, do the work, report, exit."""
        started = time.monotonic()
        with report_file(options["output"]) as write:
            progress = progress_on(sys.stderr, wanted=not options["no_progress"])
            outcome = self.tell(options, progress, lambda: time.monotonic() - started)
            text = json.dumps(outcome.json(), indent=2, ensure_ascii=False) + "\n"
            if options["format"] == "text":
                text = outcome.text(width=screen_width(), colour=wants_colour(self, options))
            write(text) if write else self.stdout.write(text, ending="")
        self.stderr.write(outcome.closing, str)
        if outcome.exit_code:
            sys.exit(outcome.exit_code)

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


@contextmanager
def one_sentence(stderr: OutputWrapper) -> Iterator[None]:
    """Turn errors into a sentence, the next command, and exit code 2; Ctrl-C into 130."""
    try:
        yield
    except SystemCheckError as error:
        error.returncode = COULD_NOT
        raise
    except KeyboardInterrupt:
        stderr.write("Interrupted. What was done is kept; run the same command again to go on.")
        sys.exit(INTERRUPTED)
    except Exception as error:
        if isinstance(error, CommandError) and not is_from_data(error):
            raise Stopped(str(error), returncode=COULD_NOT if error.returncode == 1 else error.returncode) from None
        sentence, hint = explain(error)
        if not is_expected(error):
            stderr.write(frames(error))
        raise Stopped(f"{sentence}\n{hint}".strip(), returncode=getattr(error, "exit_code", COULD_NOT)) from None


@contextmanager
def report_file(name: str | None) -> Iterator[Callable[[str], Any] | None]:
    """A way to write the report to a file: opened before any work, in place only when it is whole.

    What is no file (a pipe, a terminal) is written to as it is; a link is followed.
    """
    if name is None:
        yield None
        return
    final = Path(name)
    if final.is_dir():
        raise IsADirectoryError(21, "The report cannot be written, this is a folder", name)
    if final.exists() and not final.is_file():
        with final.open("w", encoding="utf-8") as file:
            yield file.write
        return
    final = final.resolve()
    try:
        handle, unfinished = tempfile.mkstemp(dir=final.parent, prefix=f".{final.name}.")  # mode 0600
    except OSError as error:
        raise OSError(error.errno, f"The report cannot be written, {error.strerror}", name) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(final)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def screen_width() -> int:
    """The width of the terminal, 100 where there is none."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)
