"""What a benchmark ran on: the server's settings, and the machine without its name."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from typing import Any

import psycopg

from migrations_safety.postgresql.embedded_server import Server

SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "maintenance_work_mem": "256MB"}


def machine(server: Server, module: str) -> dict[str, Any]:
    """What it was measured on; nothing that names it."""
    with psycopg.connect(server.url()) as connection:
        (postgresql,) = connection.execute("SHOW server_version").fetchone() or ("",)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "load_average": round(os.getloadavg()[0], 1),
        "postgresql": postgresql,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("django", "psycopg")},
        "command": " ".join([f"python -m {module}", *sys.argv[1:]]),
    }
