"""Tells whether a server runs on this machine, so that its folders are those that we see.

A host called `localhost` is no proof: a tunnel or a container may stand behind it. The proof is that the kernel here
runs the process of our session: as a child of the process behind the Unix socket, or with our own port in its title.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import closing
from pathlib import Path

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.second_connection import backend_pid

CREDENTIALS = struct.Struct("3i")
"""Process, user and group of the other end of a Unix socket (unix(7))."""


def server_is_here(connection: Connection) -> bool:
    """Return whether it is shown that the session's server runs here; False where it cannot be shown."""
    process = Path("/proc") / str(backend_pid(connection))
    with closing(socket.socket(fileno=os.dup(connection.connection.pgconn.socket))) as ours:
        try:
            if ours.family == socket.AF_UNIX:
                there = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
                return _parent(process) == int(CREDENTIALS.unpack(there)[0])
            port = ours.getsockname()[1]
            title = (process / "cmdline").read_bytes()
        except (OSError, AttributeError, ValueError, IndexError):  # another machine, or not Linux
            return False
    return title.startswith(b"postgres") and f"({port})".encode() in title


def _parent(process: Path) -> int:
    """Return the parent of a process, which stands two words after its name in brackets (proc_pid_stat(5))."""
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])
