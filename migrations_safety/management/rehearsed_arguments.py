"""The options of `migrate` about a rehearsal."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.management.arguments import duration, named
from migrations_safety.migrate.rehearsed import USUAL, Rehearsed, read


def add_rehearsed_arguments(parser: ArgumentParser) -> None:
    """Add `--rehearsed` and `--rehearsed-within`."""
    help = (
        "JSON report of `rehearse`; refuse to migrate (exit code 1) unless it has passed with these migrations, on "
        "this schema and this major version of PostgreSQL, and no table has more than twice the rows since"
    )
    parser.add_argument("--rehearsed", type=named, metavar="FILE", help=help)
    help = "how old the rehearsal may be, such as 90m, 24h or 3d (default: 72h)"
    parser.add_argument("--rehearsed-within", type=duration, metavar="AGE", help=help)


def rehearsed_option(options: dict[str, Any]) -> Rehearsed | None:
    """The report of the rehearsal, None where none is asked for.

    Raises CommandError where only its age is given, and RehearsalFileRefused for another file.
    """
    if options["rehearsed"]:
        return read(options["rehearsed"], within=options["rehearsed_within"] or USUAL)
    if options["rehearsed_within"]:
        raise CommandError("--rehearsed-within: name the report with --rehearsed FILE.")
    return None
