"""A table with rows that are secret, and a second migration of the app `ward` that fails over them."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from migrations_safety.management.errors import Stopped
from tests.support.sample_app import SampleApp

SECRET = "Achieng Wanjiru"
FIRST = """
    migrations.CreateModel('Floor', [('id', models.BigAutoField(primary_key=True))]),
    migrations.CreateModel('Bed', [
        ('id', models.BigAutoField(primary_key=True)), ('name', models.TextField(null=True)),
        ('label', models.CharField(max_length=50, null=True)),
        ('place', models.BigIntegerField(null=True)),
        ('floor', models.ForeignKey('ward.Floor', models.CASCADE, null=True)),
    ])"""
STATE = """, migrations.SeparateDatabaseAndState(state_operations=[
    migrations.AddField('Bed', 'gone', models.CharField(max_length=5, default='')),
    migrations.AddField('Bed', 'seen', models.TextField(null=True))])"""
BEFORE = f"""
    ALTER TABLE ward_bed ADD there text, ADD seen text; CREATE VIEW ward_view AS SELECT seen FROM ward_bed;
    CREATE TABLE ward_room (); CREATE TYPE ward_mood AS ENUM ('old');
    INSERT INTO ward_bed (name, label, place) VALUES ('{SECRET}', '{SECRET}', NULL), ('{SECRET}', '', 7)"""
CODE = """
def fill(apps, editor):
    floor = apps.get_model("ward", "Floor").objects.create()
    apps.get_model("ward", "Bed").objects.update(floor=floor)
def go_on(apps, editor):
    with editor.connection.cursor() as cursor:
        try:
            cursor.execute("SELECT 1 / 0")
        except Exception:
            editor.connection.connection.execute("SELECT 1")
"""


def begin(ward: SampleApp, database: Any) -> None:
    """The first migration is applied, and its table has rows."""
    ward.migration("0001_initial", FIRST + STATE)
    with ward.at_hand():
        call_command("migrate", "ward", "0001", verbosity=0)
    database.execute(BEFORE)


def told(
    ward: SampleApp, operations: str, *, before: str = CODE, arguments: tuple[str, ...] = (), **migration: Any
) -> str:
    """What `migrate ward` says of a second migration made of these operations."""
    ward.migration("0002_step", operations, after=("ward", "0001_initial"), before=before, **migration)
    with ward.at_hand(), pytest.raises(Stopped) as stopped:
        call_command(
            "migrate", "ward", *arguments, skip_precheck=True, verbosity=0, no_progress=True, stderr=StringIO()
        )
    return str(stopped.value)
