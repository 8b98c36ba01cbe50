"""Where a command writes its reports: one to stdout or to `--output`, and one to the file of each `--report`."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.management.streams import NAMES_OF_STDOUT

TEXT = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportPlace:
    """One report that is wanted: its format, and the file that it is written to, None for stdout."""

    format: str
    file: str | None

    @property
    def is_stdout(self) -> bool:
        """Whether the report goes to stdout, under whatever name."""
        return self.file is None or self.file in NAMES_OF_STDOUT

    @property
    def path(self) -> str:
        """The same for the same file, however it is named."""
        return "stdout" if self.file is None or self.is_stdout else os.path.realpath(self.file)


def format_and_file(formats: Collection[str]) -> Callable[[str], str]:
    """A function for argparse that accepts FORMAT=FILE, where FORMAT is one of `formats`, and returns the text."""

    def check(text: str) -> str:
        format, sign, file = text.partition("=")
        if not sign:
            raise ArgumentTypeError(f'"{text}" is not FORMAT=FILE, such as {TEXT}=report.txt')
        if format not in formats:
            raise ArgumentTypeError(f'there is no format "{format}" here; choose from {", ".join(formats)}')
        if not file:
            raise ArgumentTypeError(f'"{text}" names no file: is a variable of your script not set?')
        return text

    return check


def report_places(options: dict[str, Any], formats: Collection[str]) -> tuple[ReportPlace, ...]:
    """Return the reports that the options want; the first one is that of `--format` and `--output`.

    Raises CommandError for a format that the command does not have, and where two reports want the same file.
    """
    if options["format"] not in formats:
        raise CommandError(f'There is no format "{options["format"]}" here; choose from {", ".join(formats)}.')
    main = ReportPlace(format=options["format"], file=options["output"])
    places = (main, *map(_place, _checked(options, formats)))
    refuse_same_file(place.path for place in places)
    return places


def refuse_same_file(paths: Iterable[str]) -> None:
    """Raise CommandError if two reports want the same file."""
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            raise CommandError(f"Two reports want {path}; give each a file of its own.")
        seen.add(path)


def wants_stdout_alone(options: dict[str, Any]) -> bool:
    """Whether a program reads stdout, so that only the report may go there."""
    files = (text.partition("=")[2] for text in _wanted(options))
    return options.get("format", TEXT) != TEXT or any(file in NAMES_OF_STDOUT for file in files)


def _checked(options: dict[str, Any], formats: Collection[str]) -> list[str]:
    try:
        return [format_and_file(formats)(text) for text in _wanted(options)]
    except ArgumentTypeError as error:  # from `call_command`, which leaves out argparse
        raise CommandError(f"--report: {error}.") from None


def _wanted(options: dict[str, Any]) -> list[str]:
    given = options.get("report") or []
    return [given] if isinstance(given, str) else list(given)


def _place(text: str) -> ReportPlace:
    format, _, file = text.partition("=")
    return ReportPlace(format=format, file=file)
