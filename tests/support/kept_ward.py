"""For the tests of what is kept: the app `ward` with beds, whose second migration drops something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migrations_safety.migrate.options import LockOptions
from migrations_safety.recovery.kept import restoration
from migrations_safety.recovery.kept.options import KeptOptions
from migrations_safety.recovery.kept.report import KeptReport
from tests.support.in_process import installed, migrate
from tests.support.sample_app import SampleApp

ZERO, NEXT = "0001_initial", "0002_drop"
BED = """
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20)),
        ("note", models.TextField(default="none")), ("n", models.IntegerField(db_default=7)),
    ]),
"""
ROWS = "INSERT INTO ward_bed (name, note, n) SELECT 'bed ' || i, 'note ' || i, i FROM generate_series(1, 10) i"


@contextmanager
def dropping(folder: Path, database: Any, connect_to: Callable[..., Any]) -> Iterator[Callable[..., None]]:
    """Apply the first migration; `drop(*statements)` keeps what a second one drops with them."""
    app = SampleApp(folder)
    app.migration(ZERO, BED)
    connect_to(database)
    with installed(app):
        migrate("ward", ZERO)

        def drop(*statements: str) -> None:
            app.migration(NEXT, ", ".join(f"migrations.RunSQL({one!r})" for one in statements), after=("ward", ZERO))
            migrate("ward", keep_dropped=True, skip_precheck=True)

        yield drop


def restore(*numbers: int) -> KeptReport:
    """What `restore_dropped` does."""
    return restoration.run(KeptOptions(using="default", numbers=numbers, locks=LockOptions(retry_for=20)))


def ids(report: KeptReport) -> list[str]:
    """The ids of its findings."""
    return [one.id for one in report.findings]
