"""The options of `precheck` about the locks of the plan: how long they may be held, and the sizes of the tables."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from migrations_safety.management.arguments import named, whole_number
from migrations_safety.precheck import statistics
from migrations_safety.precheck.options import SMALL, TrafficOptions

MEGABYTE = 1_000_000


def add_traffic_arguments(parser: ArgumentParser) -> None:
    """Add `--max-stall`, `--small`, `--statistics` and `--write-statistics`."""
    help = (
        "a lock that stops others for longer than this is an error by the fastest estimate and a warning by the "
        "slowest, if the table is in use (default: 200, as in migrate; 0: no limit)"
    )
    milliseconds = whole_number("milliseconds", least=0)
    parser.add_argument("--max-stall", type=milliseconds, default=200, metavar="MILLISECONDS", help=help)
    help = (
        "work on tables of less than this many megabytes, indexes included, does not count for --max-stall (default: 1)"
    )
    megabytes = whole_number("megabytes", least=0)
    parser.add_argument("--small", type=megabytes, default=SMALL // MEGABYTE, metavar="MEGABYTES", help=help)
    files = parser.add_mutually_exclusive_group()
    help = (
        "take sizes and traffic of the tables from this file of --write-statistics, for a database that cannot be "
        "reached from here; the report says how old they are"
    )
    files.add_argument("--statistics", type=named, metavar="FILE", help=help)
    help = (
        "write sizes and traffic of all tables to this file, and check nothing; needs SELECT on no table, works on a "
        "standby, and takes two seconds"
    )
    files.add_argument("--write-statistics", type=named, metavar="FILE", help=help)


def traffic_options(options: dict[str, Any]) -> TrafficOptions:
    """The values of these options, and of the setting MIGRATIONS_SAFETY_HOT_TABLES.

    Raises StatisticsRefused where the file of `--statistics` cannot be used, and CommandError for a bad setting, or for
    `--no-measure` beside the file.
    """
    saved = statistics.read(options["statistics"], now=datetime.now(UTC)) if options["statistics"] else None
    if saved and not options["measure"]:
        raise CommandError("--statistics: only for a plan that is measured; leave out --no-measure.")
    return TrafficOptions(
        max_stall=options["max_stall"] / 1000,
        small=options["small"] * MEGABYTE,
        hot=hot_tables(),
        saved=saved,
    )


def hot_tables() -> frozenset[str]:
    """The setting MIGRATIONS_SAFETY_HOT_TABLES: names of tables on which no lock may stop writers or readers.

    Raises CommandError where it is no list of names.
    """
    names = getattr(settings, "MIGRATIONS_SAFETY_HOT_TABLES", ())
    if not isinstance(names, (list, tuple, set, frozenset)) or not all(
        isinstance(name, str) and name for name in names
    ):
        raise CommandError('MIGRATIONS_SAFETY_HOT_TABLES is no list of table names, such as ["shop_order"].')
    return frozenset(names)
