"""Settings of the plain app; PLAIN_BACKEND chooses Django's own backend or that of another package."""

import os

from ehr.databases import from_environment

INSTALLED_APPS = ["tests.benchmarks.plain"]
DATABASES = from_environment(os.environ)
DATABASES["default"]["ENGINE"] = os.environ.get("PLAIN_BACKEND", "django.db.backends.postgresql")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

# What the documentation of django-pg-zero-downtime-migrations calls the safest settings, and runs that go on.
ZERO_DOWNTIME_MIGRATIONS_LOCK_TIMEOUT = "2s"
ZERO_DOWNTIME_MIGRATIONS_STATEMENT_TIMEOUT = "2s"
ZERO_DOWNTIME_MIGRATIONS_FLEXIBLE_STATEMENT_TIMEOUT = True
ZERO_DOWNTIME_MIGRATIONS_RAISE_FOR_UNSAFE = True
ZERO_DOWNTIME_MIGRATIONS_IDEMPOTENT_SQL = True
