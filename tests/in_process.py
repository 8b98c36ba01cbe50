"""Django in this process, on a test's database: for tests of many variations, where no exit code is asserted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connections
from django.test import override_settings

from ehr.databases import from_url


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


def forget() -> None:
    """Close the default connection and let go of it, so that the next one is a new one."""
    connections["default"].close()
    del connections["default"]
