"""`verify_schema`: compares the tables of any apps with their models."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from migrations_safety.management.verify import VerificationCommand
from migrations_safety.rendering import serialization
from migrations_safety.verification.report import VerificationReport
from migrations_safety.verification.scope import Orphans, Scope, of_apps


class Command(VerificationCommand):
    """Compare the tables of the named apps, or of all apps, with their models."""

    name = "verify_schema"
    help = (
        "Compares the tables, columns, indexes, constraints and foreign keys in the database with the models, by "
        "definition and not by name. Also counts the rows whose parent row does not exist (orphans), for each foreign "
        "key that the database does not enforce for all rows. Changes nothing, and reads everything in one snapshot. "
        "Exit code 0: the database is as the models declare; 1: it differs, or there are orphans; 2: the comparison "
        "could not be done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the labels of the apps, and the options that say for which foreign keys orphans are counted."""
        super().add_arguments(parser)
        help = "label of an app to compare (default: all apps that have tables in the database)"
        parser.add_argument("app_labels", nargs="*", metavar="APP", help=help)
        orphans = parser.add_mutually_exclusive_group()
        orphans.set_defaults(orphans=Orphans.OF_KEYS_NOT_HELD)
        help = "read only the catalog and no rows; orphans are not counted"
        orphans.add_argument("--no-data", dest="orphans", action="store_const", const=Orphans.OF_NONE, help=help)
        help = "count the orphans of every foreign key, because one that is marked as valid can still have orphans"
        orphans.add_argument("--all-keys", dest="orphans", action="store_const", const=Orphans.OF_ALL_KEYS, help=help)

    def scope_on(self, options: dict[str, Any]) -> Callable[[str], Scope]:
        """The tables of the named apps."""
        return of_apps(options["app_labels"], orphans=options["orphans"])

    def as_json(self, report: VerificationReport, *, seconds: float) -> dict[str, Any]:
        """The report as a dict for JSON."""
        return serialization.verification_of_apps(report, command=self.name, seconds=seconds)
