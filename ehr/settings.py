"""The Django settings, which come from environment variables; no database is configured by default."""

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from ehr.databases import from_environment

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent

INSTALLED_APPS = ["ehr", "patients", "migrations_safety"]

DATABASES = from_environment(os.environ)

EHR_ID_TYPE = env.str("EHR_ID_TYPE", default="uuid")
if EHR_ID_TYPE not in {"uuid", "text"}:
    raise ImproperlyConfigured("EHR_ID_TYPE must be uuid or text: the type of the hospital's existing ids.")
MIGRATIONS_SAFETY_ID_TYPE = EHR_ID_TYPE
MIGRATIONS_SAFETY_ID_TYPE_NAME = "EHR_ID_TYPE"
MIGRATIONS_SAFETY_ID_PATTERN = env.str("EHR_ID_PATTERN", default="")
MIGRATIONS_SAFETY_ID_PATTERN_NAME = "EHR_ID_PATTERN"
MIGRATIONS_SAFETY_BACKUPS = env.list("MIGRATIONS_SAFETY_BACKUPS", default=[])
MIGRATIONS_SAFETY_BACKUP_KEYS = env.list("MIGRATIONS_SAFETY_BACKUP_KEYS", default=[])
MIGRATIONS_SAFETY_MEASURE = env.bool("MIGRATIONS_SAFETY_MEASURE", default=True)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
