"""Speaks TLS over a socket that two threads use, one to read and one to write."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

CHUNK = 65536
PLAIN = ("disable", "allow")
"""Values of sslmode with which libpq speaks without TLS first."""


class TlsStream:
    """A socket with TLS; what is read and written here is plain.

    The parts of OpenSSL are no place for two threads at once, so they work in memory under a lock, and only the socket
    waits. Raises ssl.SSLError where there is no trusted TLS.
    """

    def __init__(self, there: socket.socket, context: ssl.SSLContext, *, name: str) -> None:
        self.socket = there
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self.lock, self.sending = threading.Lock(), threading.Lock()
        while True:
            try:
                self.object.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            else:
                self._flush()
                return

    def recv(self, size: int) -> bytes:
        """Return what has arrived, at most so many bytes, and nothing at the end."""
        while True:
            with self.lock:
                try:
                    return self.object.read(size)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:  # the end, with or without its own message
                    return b""
            self._flush()
            if not self._fill():
                return b""

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        with self.lock:
            self.object.write(data)
        self._flush()

    def shutdown(self, how: int) -> None:
        """End the connection in both directions."""
        self.socket.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def _flush(self) -> None:
        with self.sending:
            with self.lock:
                waiting = self.outgoing.read()
            if waiting:
                self.socket.sendall(waiting)

    def _fill(self) -> bool:
        arrived = self.socket.recv(CHUNK)
        with self.lock:
            self.incoming.write(arrived) if arrived else self.incoming.write_eof()
        return bool(arrived)


def context_of(parameters: dict[str, Any], *, home: Path) -> ssl.SSLContext | None:
    """Return how TLS is spoken by these parameters of libpq, None where it is not.

    Files that are not named are those of libpq, below `home` (PostgreSQL documentation, chapter "SSL Support").
    """
    mode = str(parameters.get("sslmode") or "prefer")
    if mode in PLAIN:
        return None
    own = home / ".postgresql"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["postgresql"])
    root = str(parameters.get("sslrootcert") or own / "root.crt")
    is_there = root == "system" or Path(root).exists()
    if mode.startswith("verify") or (mode == "require" and is_there):
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = mode == "verify-full" or root == "system"
        context.load_default_certs() if root == "system" else context.load_verify_locations(root)
    certificate = Path(str(parameters.get("sslcert") or own / "postgresql.crt"))
    if certificate.exists():
        key = str(parameters.get("sslkey") or own / "postgresql.key")
        context.load_cert_chain(certificate, key, password=str(parameters.get("sslpassword") or ""))
    return context
