"""The options of `migrate` about a rehearsal."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.management.arguments import duration, named
from migrations_safety.migrate.rehearsed import USUAL, Rehearsed, read


def add_rehearsed_arguments(parser: ArgumentParser) -> None:
    """Add `--rehearsed`, `--rehearsed-within` and `--rehearsed-keys-only`."""
    help = (
        "JSON report of `rehearse`; refuse to migrate (exit code 1) unless it has passed with these migrations, on "
        "this schema and this major version of PostgreSQL, and no table has more than twice the rows since"
    )
    parser.add_argument("--rehearsed", type=named, metavar="FILE", help=help)
    help = "how old the rehearsal may be, such as 90m, 24h or 3d (default: 72h)"
    parser.add_argument("--rehearsed-within", type=duration, metavar="AGE", help=help)
    help = "let a rehearsal count that ran on replaced keys and made-up rows (rehearse --keys-only)"
    parser.add_argument("--rehearsed-keys-only", action="store_true", help=help)


def rehearsed_option(options: dict[str, Any]) -> Rehearsed | None:
    """The report of the rehearsal, None where none is asked for.

    Raises CommandError where only another option about it is given, and RehearsalFileRefused for another file.
    """
    if options["rehearsed"]:
        within, counts = options["rehearsed_within"] or USUAL, options["rehearsed_keys_only"]
        return read(options["rehearsed"], within=within, counts_keys_only=counts)
    for name in ("rehearsed_within", "rehearsed_keys_only"):
        if options[name]:
            raise CommandError(f"--{name.replace('_', '-')}: name the report with --rehearsed FILE.")
    return None
