"""The options that several commands share."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS

from migrations_safety.census.scan_strategy import ScanOptions
from migrations_safety.management.report_places import TEXT, format_and_file
from migrations_safety.measurement.options import PATIENCE, MeasureOptions


def add_target_arguments(parser: ArgumentParser) -> None:
    """Add the options that select the database and refuse another one, and `--no-progress`."""
    if "--database" not in parser._option_string_actions:
        help = "alias of the database to work on, as in the setting DATABASES (default: default)"
        parser.add_argument("--database", metavar="ALIAS", default=DEFAULT_DB_ALIAS, help=help)
    help = "refuse to work (exit code 2) if the connected database has another name than NAME"
    parser.add_argument("--expect-database", metavar="NAME", help=help)
    help = "refuse to work (exit code 2) if new tables would be created in another schema than NAME"
    parser.add_argument("--expect-schema", metavar="NAME", help=help)
    parser.add_argument("--no-progress", action="store_true", help="do not print progress to stderr")


FORMATS = {
    "text": "for people (default)",
    "json": "for scripts",
    "markdown": "for a pull request or the record of a change",
    "html": "one page with pictures, for a browser, an e-mail or the printer",
    "sarif": "for code scanning",
    "junit": "for test reports",
    "github": "for annotations of GitHub Actions",
    "gitlab": "for GitLab's Code Quality",
}
"""What each format of a report is for."""


def add_report_arguments(parser: ArgumentParser, formats: tuple[str, ...], *, is_output: bool = True) -> None:
    """Add the options for the format of the report and for the files that reports are written to.

    Without `is_output` there is no `--output`, which a command may have for something else.
    """
    listed = [f"{name} {FORMATS[name]}" for name in formats]
    help = f"format of the report: {', '.join(listed)}"
    parser.add_argument("--format", choices=formats, default=TEXT, help=help)
    help = (
        "write the report to FILE instead of stdout; FILE gets mode 0600 and is replaced only once the whole report "
        "is written"
    )
    if is_output:
        parser.add_argument("--output", type=named, metavar="FILE", help=help)
    else:
        parser.set_defaults(output=None)
    help = (
        "write one more report to FILE, in the format FORMAT (one of those of --format), in the way of --output; give "
        "the option once for each report"
    )
    parser.add_argument(
        "--report", type=format_and_file(formats), action="append", default=[], metavar="FORMAT=FILE", help=help
    )


def add_reading_arguments(parser: ArgumentParser) -> None:
    """Add the options that limit how fast the command reads large tables."""
    help = (
        "number of server processes that read in parallel, 1 to 64 (default: 1 if the tables are smaller than 64 MB or "
        "larger than 4 GB, otherwise 2; also 2 above 4 GB if indexes are read in place of the tables); a progress bar "
        "for reading tables needs a single process"
    )
    parser.add_argument("--jobs", type=whole_number("processes", least=1, most=64), metavar="NUMBER", help=help)
    help = "read at most this many megabytes of tables per second, and use a single process for it (default: no limit)"
    parser.add_argument("--max-rate", type=whole_number("megabytes a second", least=1), metavar="MEGABYTES", help=help)


def scan_options(options: dict[str, Any]) -> ScanOptions:
    """The values of `--jobs` and `--max-rate`.

    Raises CommandError if `--max-rate` is given together with more than one job.
    """
    if (options["jobs"] or 1) > 1 and options["max_rate"]:
        raise CommandError("--max-rate needs a single process; leave out --jobs.")
    return ScanOptions(jobs=options["jobs"], max_rate=options["max_rate"])


def whole_number(unit: str, *, least: int, most: int | None = None) -> Callable[[str], int]:
    """A function for argparse that turns the text of a decimal number into an int from `least` to `most`.

    `unit` is what the error message calls the number ("seconds"). The function raises ArgumentTypeError for other text.
    """
    to = f"{least:,} to {most:,}" if most else f"{least:,} or more"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most and int(text) > most):
            raise ArgumentTypeError(f"{unit}: a whole number, {to}")
        return int(text)

    return parse


def named(text: str) -> str:
    """The text of an option that names a file, a URL or a revision; raises ArgumentTypeError if it is empty.

    It is empty where a script names a variable that is not set. Without the option the command would do something else.
    """
    if not text:
        raise ArgumentTypeError("it is empty: is a variable of your script not set?")
    return text


DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


def duration(text: str) -> timedelta:
    """The duration that `90m`, `24h`, `3d` or `1h30m` names; units are `d`, `h`, `m` (minutes) and `s`.

    Raises ArgumentTypeError for other text, for a number without a unit, and for a duration of 0.
    """
    found = DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    named = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not named:
        raise ArgumentTypeError("a duration with its unit, above 0: for example 90m, 24h, 3d or 1h30m")
    return named


def add_measuring_arguments(parser: ArgumentParser) -> None:
    """Add the options that say whether and where the plan is measured."""
    help = (
        "run the plan on a scratch database, which has the schema of this one and none of its rows, and measure what "
        "each statement locks, scans and rewrites there (default: yes, or the setting MIGRATIONS_SAFETY_MEASURE)"
    )
    default = bool(getattr(settings, "MIGRATIONS_SAFETY_MEASURE", True))
    parser.add_argument("--measure", action=BooleanOptionalAction, default=default, help=help)
    help = (
        "URL of an empty PostgreSQL database to use as the scratch database (default: a new one on the same server if "
        "the role may create databases and is no superuser, otherwise on a PostgreSQL that is started here)"
    )
    parser.add_argument("--scratch-url", type=named, metavar="URL", help=help)
    help = (
        "also run RunPython on the scratch database; the code reaches neither the databases of the project, nor the "
        "network, nor other programs, and mail stays in memory (default: it is passed over, and named)"
    )
    parser.add_argument("--measure-python", action="store_true", help=help)
    help = f"give the measurement up after this many seconds (default: {PATIENCE})"
    seconds = whole_number("seconds", least=1)
    parser.add_argument("--max-scratch-seconds", type=seconds, default=PATIENCE, metavar="SECONDS", help=help)


def measure_options(options: dict[str, Any]) -> MeasureOptions:
    """The values of the options that say whether and where the plan is measured.

    Raises CommandError where `--no-measure` is given with an option that only a measurement needs.
    """
    ours = {"--scratch-url": options["scratch_url"], "--measure-python": options["measure_python"]}
    needless = ", ".join(name for name, value in ours.items() if value)
    if needless and not options["measure"]:
        raise CommandError(f"{needless}: only for a plan that is measured; leave out --no-measure.")
    return MeasureOptions(
        is_wanted=options["measure"],
        scratch_url=options["scratch_url"],
        measure_python=options["measure_python"],
        max_seconds=options["max_scratch_seconds"],
    )
