"""For the tests of what is kept: the app `ward` with beds, whose second migration drops something."""

from __future__ import annotations

from migrations_safety.migrate.options import LockOptions
from migrations_safety.recovery.kept import restoration
from migrations_safety.recovery.kept.options import KeptOptions
from migrations_safety.recovery.kept.report import KeptReport

ZERO, NEXT = "0001_initial", "0002_drop"
BED = """
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20)),
        ("note", models.TextField(default="none")), ("n", models.IntegerField(db_default=7)),
    ]),
"""
ROWS = "INSERT INTO ward_bed (name, note, n) SELECT 'bed ' || i, 'note ' || i, i FROM generate_series(1, 10) i"


def restore(*numbers: int) -> KeptReport:
    """What `restore_dropped` does."""
    return restoration.run(KeptOptions(using="default", numbers=numbers, locks=LockOptions(retry_for=20)))


def ids(report: KeptReport) -> list[str]:
    """The ids of its findings."""
    return [one.id for one in report.findings]
