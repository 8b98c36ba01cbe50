"""System checks: whether Django runs the `migrate` of this app, and whether that replaces the one of another app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.management.commands.makemigrations import Command as DjangoMakemigrations
from django.core.management.commands.migrate import Command as DjangoMigrate

from migrations_safety.constraints import keys_are_declared
from migrations_safety.installation.other_apps import (
    OtherCommand,
    following,
    is_built_on,
    is_ours,
    our_command,
    preceding,
)

OUR_MIGRATE = "migrations_safety.management.commands.migrate.Command"
WHAT_HOLDS = "docs/other-projects.md (Beside other apps) says what holds then."


def check_commands(**kwargs: Any) -> list[CheckMessage]:
    """Return a message for each app whose `migrate` or `makemigrations` conflicts with that of this app.

    Two commands conflict where Django runs only one of them, and this one does not inherit from the other.
    """
    return [*_replaced(), *_not_asked(), *_without_keys()]


def _replaced() -> Iterator[CheckMessage]:
    other = following("migrate")
    if other and not preceding("migrate") and not issubclass(our_command("migrate"), other.kind):
        problem = (
            f"The migrate of {other.app} does not run: that of migrations_safety comes first, and cannot be built on "
            "it (it is no subclass of Django's, or has options of the same names)."
        )
        hint = f"Put {other.app} before migrations_safety in INSTALLED_APPS; {WHAT_HOLDS}"
        yield Error(problem, hint=hint, id="migrations_safety.E003")


def _not_asked() -> Iterator[CheckMessage]:
    other = preceding("migrate")
    if other and not is_ours(other.kind) and not _is_called_by_django_tenants():
        problem = f"migrate is that of {other.app}: no gate, no lock ladder and no record of runs of migrations_safety."
        yield Warning(problem, hint=_way_to_build_on(other, DjangoMigrate), id="migrations_safety.W004")


def _is_called_by_django_tenants() -> bool:
    return getattr(settings, "TENANT_BASE_MIGRATE_COMMAND", None) == OUR_MIGRATE


def _without_keys() -> Iterator[CheckMessage]:
    first = preceding("makemigrations")
    other = first or following("makemigrations")
    if not other or not keys_are_declared(apps):
        return
    if not is_ours(first.kind if first else our_command("makemigrations")):
        problem = (
            f"makemigrations is that of {other.app}: it adds a ForeignKeyConstraint on an existing table in one step, "
            "which scans the table while writes wait."
        )
        yield Warning(problem, hint=_way_to_build_on(other, DjangoMakemigrations), id="migrations_safety.W005")


def _way_to_build_on(other: OtherCommand, core: Any) -> str:
    if is_built_on(other, core):
        return f"Put migrations_safety before {other.app} in INSTALLED_APPS: its command is then built on that one."
    return WHAT_HOLDS
