"""Django in this process, on a test's database: for tests of many variations, where no exit code is asserted."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from ehr.databases import from_url
from migrations_safety import registry
from migrations_safety.backfill import backfill
from migrations_safety.backfill.options import BackfillOptions
from migrations_safety.backfill.report import BackfillReport
from migrations_safety.management.commands.migrate import migrate_to


@contextmanager
def connected() -> Iterator[Callable[..., Any]]:
    """Gives a function that points the default connection at a database, `url` for another user or address."""
    without = connections.databases["default"]
    with ExitStack() as stack:

        def connect_to(database: Any, *, url: str | None = None) -> Any:
            forget()
            settings = {"default": from_url(url or database.url, variable="DATABASE_URL")}
            connections.databases["default"] = connections.configure_settings(settings)["default"]
            stack.enter_context(override_settings(MIGRATIONS_SAFETY_ID_TYPE=database.id_type))
            return connections["default"]

        stack.callback(connections.databases.update, default=without)
        stack.callback(forget)
        yield connect_to


def migrate(*arguments: str, **options: Any) -> str:
    """What `migrate` prints; it goes by all its rules, the gate among them."""
    out = StringIO()
    call_command("migrate", *arguments, stdout=out, stderr=out, no_progress=True, skip_checks=True, **options)
    return out.getvalue()


def fill(**options: Any) -> BackfillReport:
    """What `backfill_placeholders` does with these BackfillOptions, the safe `migrate` of pending tables included."""
    return backfill.run(using="default", migrate=migrate_to, options=BackfillOptions(**options))


def forget() -> None:
    """Close the default connection and let go of it, so that the next one is a new one."""
    connections["default"].close()
    del connections["default"]


@contextmanager
def installed(app: Any, *, registered: bool = False, beside: tuple[str, ...] = ()) -> Iterator[None]:
    """The throwaway app `ward` of a SampleApp in this process; `registered`: with its schema; `beside`: other apps."""
    without = dict(registry._schemas)
    sys.path.insert(0, str(app.folder))
    importlib.invalidate_caches()
    try:
        with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, *beside, "ward"]):
            if registered:
                registry.register_schema(registry.SchemaToVerify(app_label="ward", enums={}))
            yield
    finally:
        sys.path.remove(str(app.folder))
        registry._schemas.clear()
        registry._schemas.update(without)
        for name in [one for one in sys.modules if one.partition(".")[0] == "ward"]:
            del sys.modules[name]
        apps.all_models.pop("ward", None)
