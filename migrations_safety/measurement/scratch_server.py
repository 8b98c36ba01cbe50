"""Starts the PostgreSQL server of a scratch database, and removes it afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from migrations_safety.measurement.own_folder import SERVER, own_folder
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.postgresql.embedded_server import Server, versions_with

ALONE = {"listen_addresses": ""}
"""The settings with which only this user reaches the server; its superuser has a password that everybody knows."""


@contextmanager
def scratch_server(version: int, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Server]:
    """Start a PostgreSQL server with the target's version, or with the nearest one that is installed.

    `settings` are those of the server beside its own, which are those of a server without rows that matter. Neither it
    nor a program that a statement starts there connects to others, where the kernel can keep it from that.

    Raises NotMeasured where none is installed.
    """
    installed = versions_with("initdb")
    if not installed:
        raise NotMeasured("no PostgreSQL is installed here that a scratch database could be made with")
    with own_folder() as folder:
        folder.chmod(0o711)  # the server may run as another user
        (folder / SERVER).mkdir()
        nearest = min(installed, key=lambda one: (abs(one - version), -one))
        own = {**settings, **ALONE}
        server = Server.create(version=nearest, folder=folder / SERVER, settings=own, connects=False)
        try:
            yield server
        finally:
            server.remove()
