"""For the tests of the way back: the app `ward` in this process, its migrations, and what `migrate` makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command

from migrations_safety.management.errors import Refused
from tests.support.in_process import installed
from tests.support.precheck_findings import look

BED = "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True)), ('name', models.TextField())])"
FIRST = ("ward", "0001_initial")
TABLES = "SELECT oid, relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'ward_')"


@contextmanager
def at(make: Any, in_process: Any, ward: Any, *, registered: bool = False) -> Iterator[Any]:
    """The app in this process, its migrations applied to a database that was empty."""
    database = make("empty")
    in_process(database)
    with installed(ward, registered=registered):
        migrate()
        yield database


def migrate(*names: str, **options: Any) -> None:
    call_command("migrate", "ward", *names, verbosity=0, **options)


def refused(*names: str) -> bool:
    """Whether the gate refused it."""
    try:
        migrate(*names, format="json", output="/dev/null")
    except Refused as stopped:
        return stopped.returncode == 1
    return False


def back(name: str = "zero", **options: Any) -> dict[str, list[Any]]:
    """What precheck finds on the way back to there."""
    return look(app_label="ward", migration_name=name, **options)


def applied(database: Any) -> list[str]:
    return [name for (name,) in database.rows("SELECT name FROM django_migrations WHERE app = 'ward' ORDER BY id")]
