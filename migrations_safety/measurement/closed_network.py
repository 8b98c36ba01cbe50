"""Closes the network for the code of the project: it can neither connect to anything nor start programs that would.

PostgreSQL is reached past Python's sockets, by libpq, and each alias leads to the scratch database or to nowhere.
"""

from __future__ import annotations

import sys

REFUSED = frozenset({
    "socket.connect", "socket.sendto", "socket.sendmsg", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.spawn", "pty.spawn", "ftplib.connect", "smtplib.connect", "urllib.Request",
})  # fmt: skip
"""Events of Python that reach outside of the process (Python documentation, audit events table)."""


class NetworkIsClosed(OSError):
    """Raised where code of the project reaches outside of the process while a plan is measured."""


def close_network() -> None:
    """Refuse everything in REFUSED from now on, for as long as the process lives."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in REFUSED:
        raise NetworkIsClosed(f"{event}: closed while a plan is measured")
