"""`restore_dropped`: puts back the tables and columns that `migrate --keep-dropped` has kept."""

from __future__ import annotations

from migrations_safety.management.kept import KeptCommand
from migrations_safety.migrate.options import Listener
from migrations_safety.recovery.kept import restoration
from migrations_safety.recovery.kept.options import KeptOptions
from migrations_safety.recovery.kept.report import KeptReport


class Command(KeptCommand):
    """Put back what was kept instead of dropped."""

    name = "restore_dropped"
    help = (
        "Puts back the tables and columns that migrate --keep-dropped has kept, with all rows and values, then their "
        "keys, constraints and indexes. If the migrations have made an empty table of the same name again, it makes "
        "place; what was written into a column that was made again is carried over. Killed anywhere, run it again. "
        "Exit code 0: put back, or nothing is kept; 1: something could not be put back, and is named; 2: could not "
        "finish."
    )

    def work(self, options: KeptOptions, listener: Listener) -> KeptReport:
        """Put back."""
        return restoration.run(options, listener=listener)
