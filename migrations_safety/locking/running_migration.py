"""Which migration's code runs now."""

from __future__ import annotations

import sys
from typing import Any

from django.db.migrations import Migration


def running_migration() -> str:
    """Return the label of the migration whose code runs now, as the stack frames of this thread show."""
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
        caller: Any = frame.f_locals.get("self")
        if issubclass(type(caller), Migration):  # isinstance would evaluate lazy objects
            return f"{caller.app_label}.{caller.name}"
        migration: Any = frame.f_locals.get("migration")
        if issubclass(type(migration), Migration):  # Django's executor, which records it
            return f"{migration.app_label}.{migration.name}"
    return "Code beside the migrations (a signal)"
