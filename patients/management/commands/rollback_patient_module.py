"""The command `rollback_patient_module`, which drops the patient module again, unless anybody has written into it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from migrations_safety.management.arguments import whole_number
from migrations_safety.management.rollback import NEEDS, RollbackCommand


class Command(RollbackCommand):
    """Drop the keys to patients, restore nullified references, and drop the module's tables."""

    name = "rollback_patient_module"
    help = (
        "Takes the patient module back: drops the foreign keys to patients one by one, restores the references that "
        "--nullify has set to NULL, and drops the six tables and the enum. Refused if anything but untouched "
        "placeholders of recorded runs is in the tables. If it was killed, run it again. Exit code 0: rolled back, or "
        "nothing to do; 1: refused, nothing was changed, or stopped on the way, see the verdict; 2: could not finish."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option that leaves the tables."""
        super().add_arguments(parser)
        help = "drop the foreign keys of the hospital's tables to patients, and leave the module's tables as they are"
        parser.add_argument("--keys-only", action="store_true", help=help)
        help = f"roll back although exactly so many patients will be lost, with all that belongs to them; {NEEDS}"
        parser.add_argument("--discard-patients", type=whole_number("patients", least=1), metavar="NUMBER", help=help)

    def asked(self, options: dict[str, Any]) -> dict[str, Any]:
        """The patient module, whole or its keys alone."""
        return {
            "app_label": "patients",
            "migration_name": "zero",
            "keys_only": options["keys_only"],
            "discard": options["discard_patients"],
            "counts_table": "patients",
            "discard_option": "--discard-patients",
        }
