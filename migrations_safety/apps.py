"""The app that makes migrations safe."""

import sys
from types import ModuleType

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

NEEDS_PSYCOPG = "migrations_safety needs psycopg 3 (psycopg2 is another package): pip install 'psycopg[binary]>=3.2'"


class PsycopgMissing(ImproperlyConfigured, SystemExit):
    """psycopg 3 cannot be imported: an error of the settings to whoever catches it, else the end with exit code 2.

    A traceback would end with 1, which reads as "blocked" in a deploy script. No command of ours is imported yet that
    could translate it.
    """

    code = 2


class MigrationsSafetyConfig(AppConfig):
    """`migrations_safety`: registers its system checks."""

    name = "migrations_safety"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        """Raise PsycopgMissing where Django would go on with psycopg2: here, because models are imported next."""
        super().__init__(app_name, app_module)
        try:
            import psycopg  # noqa: F401
        except ImportError:
            sys.stderr.write(f"{NEEDS_PSYCOPG}\n")
            raise PsycopgMissing(NEEDS_PSYCOPG) from None

    def ready(self) -> None:
        """Register with Django's checks."""
        from django.core.checks import Tags, register

        from migrations_safety.installation.system_checks import check_commands
        from migrations_safety.schema.system_checks import check_declared_keys

        register(check_declared_keys, Tags.database)
        register(check_commands, Tags.commands)
