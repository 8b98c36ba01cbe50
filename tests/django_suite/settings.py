"""The settings of both runs, from the environment; where `DJANGO_SUITE_COMMANDS` is `ours`, our commands are found."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Any

from ehr.databases import from_url

SECRET_KEY = "of these tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
DATABASES = {
    alias: from_url(os.environ[f"DJANGO_SUITE_{alias.upper()}"], variable="DATABASE_URL")
    for alias in ("default", "other")
}
TEST_RUNNER = "tests.django_suite.outcomes.RecordingRunner"
OURS = "migrations_safety"
COMMANDS = ("migrate", "makemigrations")


def find_ours() -> None:
    """Let Django find our commands, whatever apps a test installs; the app itself is installed beside those of all."""
    from django.core import management

    of_django: Any = management.get_commands

    @cache
    def with_ours() -> dict[str, str]:
        return dict(of_django()) | dict.fromkeys(COMMANDS, OURS)

    def forget() -> None:
        type(with_ours).cache_clear(with_ours)
        of_django.cache_clear()

    with_ours.cache_clear = forget  # type: ignore[method-assign]
    management.get_commands = with_ours
    sys.modules["__main__"].ALWAYS_INSTALLED_APPS.append(OURS)


if os.environ["DJANGO_SUITE_COMMANDS"] == "ours":
    find_ours()

MIGRATIONS_SAFETY_MEASURE = False  # the tests ask what migrate does, not what a plan would lock
