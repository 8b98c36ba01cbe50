"""The app that makes migrations safe."""

from django.apps import AppConfig


class MigrationsSafetyConfig(AppConfig):
    """`migrations_safety`: registers its system check."""

    name = "migrations_safety"

    def ready(self) -> None:
        """Register with Django's checks."""
        from django.core.checks import Tags, register

        from migrations_safety.system_checks import check_declared_keys

        register(check_declared_keys, Tags.database)
