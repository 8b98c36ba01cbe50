"""Passes one connection of another process on to one database, as one role, and refuses it for any other.

Each statement is looked at first, whatever library has sent it. The other process speaks PostgreSQL's protocol without
TLS, through a socket that nobody else has. From here on the connection is as libpq would make it: to the same host or
Unix socket, and with TLS where the parameters want it.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrations_safety.postgresql.tls_stream import TlsStream, context_of

WITH_TLS, WITH_GSS, CANCEL = 80877103, 80877104, 80877102
"""What a client may ask before it says who it is (PostgreSQL documentation, chapter "Message Formats")."""
MOST = 100_000
"""How many bytes a first message may have."""
CHUNK, HEAD = 65536, 5
PARSE = b"P"
WITH_STATEMENT = frozenset({b"Q", PARSE})
"""The messages of a client that hold a statement."""
SASL, NEGOTIATION = 10, b"v"
BOUND = b"SCRAM-SHA-256-PLUS\0"
"""A way to log in that needs the client's own TLS."""
TIMEOUT = 30


class Refused(ConnectionError):
    """Raised where a connection is not passed on; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relay:
    """What connections are passed on to."""

    parameters: dict[str, Any]
    """Those of `psycopg.connect`, complete: with host, port and user."""
    database: str
    user: str
    refusal: Callable[[str], str | None]
    """Returns why a statement may not be sent, None where it may."""

    def serve(self, client: socket.socket) -> None:
        """Pass on one connection until one side ends it."""
        with client, suppress(OSError):
            try:
                first = self._first(client)
                server = self._connected()
            except Refused as error:
                client.sendall(_error(str(error)))
                return
            except OSError:
                client.sendall(_error("the server of the copy does not answer"))
                return
            self._pass_on(client, server, first)

    def _first(self, client: socket.socket) -> bytes:
        """Return the message with which the client says who it is and where it wants to; raises Refused."""
        while True:
            size, kind = struct.unpack("!II", _read(client, 8))
            if not 8 <= size <= MOST:
                raise Refused("this is no client of PostgreSQL")
            rest = _read(client, size - 8)
            if kind in (WITH_TLS, WITH_GSS):
                client.sendall(b"N")
                continue
            if kind != CANCEL:
                self._refuse_other(rest)
            return struct.pack("!II", size, kind) + rest

    def _refuse_other(self, rest: bytes) -> None:
        words = [one.decode(errors="replace") for one in rest.split(b"\0")]
        asked = dict(zip(words[::2], words[1::2], strict=False))
        if (asked.get("database") or asked.get("user"), asked.get("user")) != (self.database, self.user):
            raise Refused("the code connects to a database that is not the copy, or as another role")
        if asked.get("replication"):
            raise Refused("the code connects for a replication")

    def _pass_on(self, client: socket.socket, server: socket.socket | TlsStream, first: bytes) -> None:
        try:
            server.sendall(first)
            if isinstance(server, TlsStream):
                client.sendall(b"".join(_without_binding(server)))
            thread = threading.Thread(target=_pump, args=(Looked(client, self.refusal), server), daemon=True)
            thread.start()
            _pump(server, client)
            thread.join()
        finally:
            server.close()

    def _connected(self) -> socket.socket | TlsStream:
        host = str(self.parameters.get("host") or "")
        port = int(self.parameters.get("port") or 5432)
        if host.startswith(("/", "@")):
            there = socket.socket(socket.AF_UNIX)
            there.connect(f"{host}/.s.PGSQL.{port}".replace("@", "\0", 1))
            return there
        there = socket.create_connection((str(self.parameters.get("hostaddr") or host), port), timeout=TIMEOUT)
        try:
            there.settimeout(None)
            there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._with_tls(there, host)
        except BaseException:
            there.close()
            raise

    def _with_tls(self, there: socket.socket, host: str) -> socket.socket | TlsStream:
        context = context_of(self.parameters, home=Path.home())
        if context is None:
            return there
        if self.parameters.get("sslnegotiation") != "direct":
            there.sendall(struct.pack("!II", 8, WITH_TLS))
            if _read(there, 1) != b"S":
                if self.parameters.get("sslmode") in ("require", "verify-ca", "verify-full"):
                    raise Refused("the server of the copy does not speak TLS")
                return there
        try:
            return TlsStream(there, context, name=host)
        except ssl.SSLError:
            raise Refused("the server of the copy could not be reached with TLS") from None


class Looked:
    """What a client sends, up to the first statement that may not be sent; then the client is told, and it ends."""

    def __init__(self, client: socket.socket, refusal: Callable[[str], str | None]) -> None:
        self.client, self.refusal = client, refusal
        self.arrived, self.passing = bytearray(), 0

    def recv(self, size: int) -> bytes:
        """Return what may be passed on, and nothing at the end."""
        while chunk := self.client.recv(size):
            self.arrived += chunk
            try:
                ready = self._ready()
            except Refused as error:
                self.client.sendall(_error(str(error), "it was not run"))
                return b""
            if ready:
                found = bytes(self.arrived[:ready])
                del self.arrived[:ready]
                return found
        return b""

    def shutdown(self, how: int) -> None:
        """End the connection."""
        self.client.shutdown(how)

    def _ready(self) -> int:
        """Return how many bytes may be passed on; statements only whole."""
        at = min(self.passing, len(self.arrived))
        self.passing -= at
        while len(self.arrived) - at >= HEAD:
            kind, size = self.arrived[at : at + 1], int.from_bytes(self.arrived[at + 1 : at + HEAD], "big") + 1
            end = at + size
            if bytes(kind) in WITH_STATEMENT:
                if end > len(self.arrived):
                    return at
                self._look(bytes(kind), bytes(self.arrived[at + HEAD : end]))
            self.passing = max(0, end - len(self.arrived))
            at = min(end, len(self.arrived))
        return at

    def _look(self, kind: bytes, body: bytes) -> None:
        text = body.split(b"\0")[1 if kind == PARSE else 0].decode(errors="replace")
        if why := self.refusal(text):
            raise Refused(why)


def _pump(source: Any, sink: Any) -> None:
    """Pass on what one side sends, until it ends; then the other side is told that it ended."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _without_binding(server: TlsStream) -> Iterator[bytes]:
    """Return what the server says first, without the login that binds it to a TLS which the client does not see."""
    kind = NEGOTIATION
    while kind == NEGOTIATION:
        kind, size = struct.unpack("!cI", _read(server, 5))
        body = _read(server, size - 4)
        if kind == b"R" and struct.unpack_from("!I", body)[0] == SASL:
            body = body[:4] + body[4:].replace(BOUND, b"")
        yield struct.pack("!cI", kind, len(body) + 4) + body


def _read(source: Any, size: int) -> bytes:
    found = b""
    while len(found) < size:
        chunk = source.recv(size - len(found))
        if not chunk:
            raise Refused("the connection has ended")
        found += chunk
    return found


def _error(words: str, end: str = "it was not connected") -> bytes:
    """Return the message with which a server refuses a session (SQLSTATE 08004)."""
    said = {"S": "FATAL", "V": "FATAL", "C": "08004", "M": f"{words}; {end}"}
    fields = b"".join(f"{name}{text}\0".encode() for name, text in said.items()) + b"\0"
    return struct.pack("!cI", b"E", len(fields) + 4) + fields
