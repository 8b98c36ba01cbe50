"""`verify_schema`: are the tables of any app as its models declare them?"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from migrations_safety.management.verify import VerificationCommand
from migrations_safety.rendering import serialization
from migrations_safety.verification import verification
from migrations_safety.verification.report import VerificationReport
from migrations_safety.verification.scope import Orphans


class Command(VerificationCommand):
    """Verify the tables of the named apps, or of all."""

    name = "verify_schema"
    help = (
        "Compares tables, columns, indexes, constraints and foreign keys with the models, by definition. "
        "Counts the orphans of foreign keys that the database does not enforce for all rows. "
        "Reads only, in one snapshot. Exit code 0: as declared; 1: drift; 2: could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which apps, and for which keys the orphans are counted."""
        super().add_arguments(parser)
        help = "labels of the apps to compare (default: all that have tables in the database)"
        parser.add_argument("app_labels", nargs="*", metavar="APP", help=help)
        orphans = parser.add_mutually_exclusive_group()
        orphans.set_defaults(orphans=Orphans.OF_KEYS_NOT_HELD)
        help = "read the catalog only; orphans are not counted"
        orphans.add_argument("--no-data", dest="orphans", action="store_const", const=Orphans.OF_NONE, help=help)
        help = "count the orphans of every key; a key can be valid and still have orphans"
        orphans.add_argument("--all-keys", dest="orphans", action="store_const", const=Orphans.OF_ALL_KEYS, help=help)

    def verify(self, options: dict[str, Any], **how: Any) -> VerificationReport:
        """Of the named apps."""
        return verification.run_on_apps(app_labels=options["app_labels"], orphans=options["orphans"], **how)

    def as_json(self, report: VerificationReport, *, seconds: float) -> dict[str, Any]:
        """Its JSON."""
        return serialization.verification_of_apps(report, command=self.name, seconds=seconds)
