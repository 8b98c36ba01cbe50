"""`makemigrations`: Django's own; a foreign key on an existing table is added NOT VALID, then validated."""

from django.core.management.commands.makemigrations import Command as DjangoMakemigrations

from migrations_safety.autodetector import SafeAutodetector


class Command(DjangoMakemigrations):
    """Django's command with the autodetector that knows ForeignKeyConstraint."""

    autodetector = SafeAutodetector
