"""Starts the PostgreSQL server of a scratch database, and removes it afterwards, also where this process is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from migrations_safety.measurement.own_folder import SERVER, own_folder
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.postgresql import server_guardian
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
        with _ends_with_us(folder / SERVER):
            own = {**settings, **ALONE}
            server = Server.create(version=nearest, folder=folder / SERVER, settings=own, connects=False)
            try:
                yield server
            finally:
                server.remove()


@contextmanager
def _ends_with_us(folder: Path) -> Iterator[None]:
    """Let another process remove the server if this one is killed in the block."""
    watched, held = os.pipe()
    streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    command = [sys.executable, "-I", "-S", server_guardian.__file__, str(watched), str(folder)]
    with subprocess.Popen(command, start_new_session=True, pass_fds=[watched], **streams):
        os.close(watched)
        try:
            yield
        finally:
            with suppress(BrokenPipeError):  # somebody has ended it
                os.write(held, b".")
            os.close(held)
