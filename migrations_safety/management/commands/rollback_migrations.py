"""`rollback_migrations`: unapplies migrations of any app as `migrate APP NAME` does, but loses no row unasked."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from migrations_safety.management.arguments import whole_number
from migrations_safety.management.rollback import NEEDS, RollbackCommand


class Command(RollbackCommand):
    """Unapply the migrations of an app after a given one."""

    name = "rollback_migrations"
    help = (
        "Unapplies the migrations of an app after NAME, and those of other apps that depend on them, as migrate APP "
        "NAME does. It refuses if a table or column that goes holds rows or values which nobody can make again, and "
        "looks again in the transaction that drops them. Foreign keys to the tables that go are dropped one by one, "
        "and references that --nullify has set to NULL are restored before. It is recorded as one run; if it was "
        "killed, run it again. Exit code 0: rolled back, or nothing to do; 1: refused, nothing was changed, or stopped "
        "on the way, see the verdict; 2: could not finish."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the app and the migration."""
        parser.add_argument("app_label", metavar="APP", help="label of the app whose migrations are unapplied")
        help = "name of the last migration that stays applied, or the first characters of it; `zero` for none"
        parser.add_argument("migration_name", metavar="NAME", help=help)
        help = f"roll back although exactly so many rows, and rows with values, will be lost; {NEEDS}"
        parser.add_argument("--discard-rows", type=whole_number("rows", least=1), metavar="NUMBER", help=help)
        super().add_arguments(parser)

    def asked(self, options: dict[str, Any]) -> dict[str, Any]:
        """The app and the migration."""
        return {
            "app_label": options["app_label"],
            "migration_name": options["migration_name"],
            "discard": options["discard_rows"],
        }
