"""`purge_dropped`: ends the tables and columns that `migrate --keep-dropped` has kept."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from migrations_safety.management.arguments import duration, named, whole_number
from migrations_safety.management.backup_arguments import add_place_arguments, places_of
from migrations_safety.management.kept import KeptCommand
from migrations_safety.migrate.options import Listener
from migrations_safety.recovery.kept import purge
from migrations_safety.recovery.kept.options import LEAST_AGE, KeptOptions
from migrations_safety.recovery.kept.report import KeptReport


class Command(KeptCommand):
    """End what was kept instead of dropped."""

    name = "purge_dropped"
    help = (
        "Drops the tables and columns that migrate --keep-dropped has kept; then they are gone. It refuses unless each "
        "was kept long enough, the number of rows and values that will be lost is typed, and a backup holds them that "
        "was restored once. --list counts them and changes nothing. Exit code 0: purged, or nothing is kept; 1: "
        "refused, and nothing was changed; 2: could not finish, run it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options of the gate."""
        super().add_arguments(parser)
        help = "refuse what was kept for a shorter time, such as 12h or 90d (default: 30d)"
        parser.add_argument("--older-than", type=duration, default=LEAST_AGE, metavar="DURATION", help=help)
        help = "number of rows and values that will be lost, as --list counts them; typed by a person"
        parser.add_argument("--discard-rows", type=whole_number("rows", least=0), metavar="NUMBER", help=help)
        help = (
            "archive of backup_database, or its manifest, that holds what is kept and was restored once (default: any "
            "that is known)"
        )
        parser.add_argument("--backup", type=named, metavar="FILE", help=help)
        add_place_arguments(parser)

    def asked(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options of the gate."""
        return {
            "older_than": options["older_than"],
            "rows": options["discard_rows"],
            "backup": options["backup"],
            "places": places_of(options),
        }

    def work(self, options: KeptOptions, listener: Listener) -> KeptReport:
        """Purge."""
        return purge.run(options, listener=listener)
