"""The app `ward` with three tables, some rows in them, and further migrations to be measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BEFORE = """
    migrations.CreateModel("Clinic", [
        ("id", models.AutoField(primary_key=True)), ("code", models.CharField(max_length=9, unique=True)),
    ]),
    migrations.CreateModel("Ward", [
        ("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=9, null=True)),
        ("beds", models.IntegerField(null=True)),
        ("price", models.DecimalField(max_digits=8, decimal_places=2, default=1)),
        ("clinic", models.ForeignKey("ward.Clinic", models.CASCADE, null=True)),
        ("clinic_number", models.IntegerField(null=True)),
    ]),
    migrations.CreateModel("Bed", [
        ("id", models.AutoField(primary_key=True)), ("number", models.IntegerField()),
        ("slug", models.TextField(default="x", db_index=True)), ("gone", models.TextField(null=True)),
    ]),
"""
ROWS = """
    INSERT INTO ward_clinic (code) SELECT 'c' || g FROM generate_series(1, 200) AS g;
    INSERT INTO ward_ward (name, beds, price, clinic_id, clinic_number)
        SELECT 'n' || g, g, 1, g, g FROM generate_series(1, 200) AS g;
    INSERT INTO ward_bed (number, slug) SELECT g, 's' || g FROM generate_series(1, 2000) AS g
"""


def write(app: Any, operations: Iterable[str], **how: Any) -> None:
    """A migration for each operation, one after the other."""
    after = "0001_initial"
    for number, text in enumerate(operations, 2):
        name = f"{number:04}_next"
        app.migration(name, text, after=("ward", after), **how)
        after = name
