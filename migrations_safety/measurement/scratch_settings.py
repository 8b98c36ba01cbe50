"""The settings of the child process: those of the project, with every database replaced.

The alias that is measured leads to the scratch database, every other alias to an address that refuses connections. So
an ordinary `Order.objects.filter(…)` or `connections["default"]` in a migration cannot reach the project's databases.
"""

import json
import os
from importlib import import_module

_NAME = os.environ.get("MIGRATIONS_SAFETY_PROJECT_SETTINGS")
_PROJECT = import_module(_NAME) if _NAME else None  # None where a tool only imports this module

globals().update({name: getattr(_PROJECT, name) for name in dir(_PROJECT) if name.isupper()})

_SCRATCH = json.loads(os.environ.get("MIGRATIONS_SAFETY_SCRATCH", "{}"))
_NOWHERE = {"ENGINE": "django.db.backends.postgresql", "NAME": "nowhere", "HOST": "127.0.0.1", "PORT": "1"}

DATABASES = dict.fromkeys(getattr(_PROJECT, "DATABASES", {}), _NOWHERE) | _SCRATCH
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
