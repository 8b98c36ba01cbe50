"""`makemigrations`: Django's own, or the next app's; a foreign key on an existing table is added NOT VALID first.

It is ours only where a model declares a ForeignKeyConstraint: else there is nothing that another one would not do.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.commands.makemigrations import Command as DjangoMakemigrations

from migrations_safety.constraints import keys_are_declared
from migrations_safety.installation.other_apps import built_on_next, following, is_built_on
from migrations_safety.migrate.autodetector import splitting_keys


class SafeMakemigrations(DjangoMakemigrations):
    """The command with an autodetector that knows ForeignKeyConstraint.

    As a class it has the autodetector that it was built with: Django's checks want that of `migrate` (commands.E001).
    """

    is_of_migrations_safety = True

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """As Django's."""
        vars(self)["autodetector"] = splitting_keys(self.autodetector)
        super().handle(*app_labels, **options)


def __getattr__(name: str) -> Any:
    """`Command`, when Django asks for it: by then all models are there."""
    if name != "Command":
        raise AttributeError(name)
    other = following("makemigrations")
    if other is not None and not (keys_are_declared(apps) and is_built_on(other, DjangoMakemigrations)):
        return other.kind
    if not keys_are_declared(apps):
        return DjangoMakemigrations
    return built_on_next("makemigrations", SafeMakemigrations, DjangoMakemigrations)
