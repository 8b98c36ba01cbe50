"""The options that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS

from migrations_safety.census.scan_strategy import ScanOptions


def add_target_arguments(parser: ArgumentParser) -> None:
    """Which database, and that it is the right one."""
    if "--database" not in parser._option_string_actions:
        help = "alias of the database, as in DATABASES (default: default)"
        parser.add_argument("--database", metavar="ALIAS", default=DEFAULT_DB_ALIAS, help=help)
    parser.add_argument("--expect-database", metavar="NAME", help="refuse to work on a database of any other name")
    help = "refuse to work where new tables would go into a schema of any other name"
    parser.add_argument("--expect-schema", metavar="NAME", help=help)
    parser.add_argument("--no-progress", action="store_true", help="show no progress on stderr")


def add_report_arguments(parser: ArgumentParser) -> None:
    """What the report looks like, and where it goes."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="text for people (default), json for scripts"
    )
    help = "write the report to this file instead of stdout (whole or not at all, mode 0600)"
    parser.add_argument("--output", metavar="FILE", help=help)


def add_reading_arguments(parser: ArgumentParser) -> None:
    """How large tables are read."""
    help = (
        "number of parallel server processes (default: 2 for 64 MB to 4 GB of tables, otherwise 1; only a single "
        "process shows a progress bar)"
    )
    parser.add_argument("--jobs", type=whole_number("processes", least=1, most=64), metavar="NUMBER", help=help)
    help = "read at most this many megabytes per second (default: no limit; needs a single process)"
    parser.add_argument("--max-rate", type=whole_number("megabytes a second", least=1), metavar="MEGABYTES", help=help)


def scan_options(options: dict[str, Any]) -> ScanOptions:
    """What the operator wants; CommandError where the two do not go together."""
    if (options["jobs"] or 1) > 1 and options["max_rate"]:
        raise CommandError("--max-rate needs a single process; leave out --jobs.")
    return ScanOptions(jobs=options["jobs"], max_rate=options["max_rate"])


def whole_number(unit: str, *, least: int, most: int | None = None) -> Callable[[str], int]:
    """A parser of such numbers, for argparse; `unit` is what its error calls them."""
    to = f"{least:,} to {most:,}" if most else f"{least:,} or more"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most and int(text) > most):
            raise ArgumentTypeError(f"{unit}: a whole number, {to}")
        return int(text)

    return parse
