"""`makemigrations`: adds a ForeignKeyConstraint of an existing table in two steps, NOT VALID first.

If no model declares a ForeignKeyConstraint, Django's own command or that of the next app in INSTALLED_APPS is used.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.commands.makemigrations import Command as DjangoMakemigrations

from migrations_safety.constraints import keys_are_declared
from migrations_safety.installation.other_apps import built_on_next, following, is_built_on
from migrations_safety.migrate.autodetector import splitting_keys


class SafeMakemigrations(DjangoMakemigrations):
    """Django's command with an autodetector that knows ForeignKeyConstraint.

    Only an instance gets that autodetector. The class keeps the one that it was built with, because a system check of
    Django requires that `makemigrations` and `migrate` have the same class of autodetector (commands.E001).
    """

    is_of_migrations_safety = True

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """Run Django's command with the other autodetector."""
        vars(self)["autodetector"] = splitting_keys(self.autodetector)
        super().handle(*app_labels, **options)


def __getattr__(name: str) -> Any:
    """The class `Command`, built when Django first asks for it, because all models are loaded by then."""
    if name != "Command":
        raise AttributeError(name)
    other = following("makemigrations")
    if other is not None and not (keys_are_declared(apps) and is_built_on(other, DjangoMakemigrations)):
        return other.kind
    if not keys_are_declared(apps):
        return DjangoMakemigrations
    return built_on_next("makemigrations", SafeMakemigrations, DjangoMakemigrations)
