"""The options of `precheck` that check a plan without a database of anybody."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.management.arguments import whole_number
from migrations_safety.measurement.embedded_target import EmbeddedTarget, embedded_target
from migrations_safety.messages.progress import Progress
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth

OF_A_REAL_DATABASE = ("expect_database", "expect_schema", "scratch_url", "write_statistics", "depth", "show_ids")
"""The options that say something of a database that exists."""
OLDEST = 15


def add_embedded_arguments(parser: ArgumentParser) -> None:
    """Add `--embedded` and `--postgresql-version`."""
    help = (
        "check the migrations since the revision of --since without any database: on a PostgreSQL that is started "
        "here, with the tables that the earlier migrations make, and removed at the end"
    )
    parser.add_argument("--embedded", action="store_true", help=help)
    help = (
        "major version of that PostgreSQL (default: the newest that is installed here and has the extensions of the "
        "migrations)"
    )
    version = whole_number("a major version", least=OLDEST)
    parser.add_argument("--postgresql-version", type=version, metavar="VERSION", help=help)


@contextmanager
def database_to_check(options: dict[str, Any], progress: Progress) -> Iterator[EmbeddedTarget | None]:
    """With `--embedded`, provide the database for the length of the block; else None: the database of the alias.

    Raises CommandError where the options contradict each other.
    """
    _refuse_contradictions(options)
    if not options["embedded"]:
        yield None
        return
    with embedded_target(
        alias=options["database"],
        revision=options["since"],
        version=options["postgresql_version"],
        progress=progress,
    ) as made:
        yield made


def with_embedded(options: PrecheckOptions, made: EmbeddedTarget | None) -> PrecheckOptions:
    """Return the options of a precheck on the database of `--embedded`, whose rows nobody counts."""
    if made is None:
        return options
    measure = replace(options.measure, as_superuser=True)
    return replace(options, embedded=made, depth=Depth.CATALOG, measure=measure)


def _refuse_contradictions(options: dict[str, Any]) -> None:
    if not options["embedded"]:
        if options["postgresql_version"]:
            raise CommandError("--postgresql-version: only with --embedded.")
        return
    if not options["since"]:
        raise CommandError("--embedded: name with --since REF the revision whose migrations the database has.")
    if needless := [name for name in OF_A_REAL_DATABASE if options[name]]:
        names = ", ".join("--no-data or --approximate" if one == "depth" else _option(one) for one in needless)
        raise CommandError(f"{names}: only for a database that exists; leave out --embedded.")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
