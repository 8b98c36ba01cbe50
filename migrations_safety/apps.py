"""The app that makes migrations safe."""

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

NEEDS_PSYCOPG = "migrations_safety needs psycopg 3 (psycopg2 is another package): pip install 'psycopg[binary]>=3.2'"


class MigrationsSafetyConfig(AppConfig):
    """`migrations_safety`: registers its system check."""

    name = "migrations_safety"

    def ready(self) -> None:
        """Register with Django's checks.

        Raises ImproperlyConfigured without psycopg 3, which Django itself can do without.
        """
        from django.core.checks import Tags, register

        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise ImproperlyConfigured(NEEDS_PSYCOPG) from None
        from migrations_safety.management.checks import check_commands
        from migrations_safety.system_checks import check_declared_keys

        register(check_declared_keys, Tags.database)
        register(check_commands, Tags.commands)
