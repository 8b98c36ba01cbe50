"""A way to the server that counts a command's statements, and can stop it before any of them or lose its answer."""

from __future__ import annotations

import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

CHUNK = 65536


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Where to stop: at the statement of this number (from 1), before it is sent or after it was answered.

    `answered` means that the server has done it and said so, and that the client never hears of it.
    """

    number: int
    answered: bool = False


class Boundaries:
    """Listens on a socket of its own and passes everything on to the server's; `with Boundaries(…) as relay:`.

    A statement is a Query message, or the messages of the extended protocol up to their Sync (PostgreSQL
    documentation, 53.7); the farewell is none, the client does not wait for its answer. Only those of the first
    connection count: the second is the watchdog's.
    `strike` is called once, with the number of the first connection's backend, at `stop`; `look` at each boundary,
    before the statement is sent, with whether the connection is in a transaction.
    """

    def __init__(
        self,
        server: Path,
        *,
        stop: Stop | None = None,
        strike: Callable[[int], None] | None = None,
        look: Callable[[bool], None] | None = None,
    ) -> None:
        self.server = server
        self.stop = stop
        self.strike = strike
        self.look = look
        self.is_in_transaction = False
        self.statements: list[str] = []
        self.failure: BaseException | None = None
        self.struck = threading.Event()
        self.folder = Path(tempfile.mkdtemp(prefix="ehr-relay-"))
        self.sockets: list[socket.socket] = []

    def url(self, database: str, port: int) -> str:
        """The URL of a database behind the relay."""
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}:{port}/{quote(database, safe='')}"

    def __enter__(self) -> Boundaries:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / self.server.name))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self.listener, *self.sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                is_first = not self.sockets
                self.sockets += [client, server]
                try:
                    server.connect(str(self.server))
                except OSError:
                    client.close()
                    continue
                ways: list[tuple[Callable[..., None], tuple[socket.socket, socket.socket]]] = [
                    (self._count, (client, server))
                ]
                if not is_first:
                    ways = [(_pass, (client, server)), (_pass, (server, client))]
                for way, ends in ways:
                    threading.Thread(target=way, args=ends, daemon=True).start()

    def _count(self, client: socket.socket, server: socket.socket) -> None:
        try:
            with client, server, suppress(OSError):
                server.sendall(_exactly(client, struct.unpack("!I", client.recv(4, socket.MSG_PEEK))[0]))
                backend = _greet(server, client)
                for request in _requests(client):
                    if not self._exchange(request, backend, client, server):
                        return
        except BaseException as error:
            self.failure = error
            raise

    def _exchange(self, request: bytes, backend: int, client: socket.socket, server: socket.socket) -> bool:
        """Pass one statement and its answer; False where the conversation is over."""
        self.statements.append(_text(request))
        if self.look:
            self.look(self.is_in_transaction)
        stop = self.stop if self.stop and self.stop.number == len(self.statements) else None
        if stop and not stop.answered:
            self._strike(backend)
        with suppress(BrokenPipeError, ConnectionResetError):
            server.sendall(request)
        answers = _answers(server)
        if stop and stop.answered:
            is_answered = list(answers)[-1:] != []
            self._strike(backend)
            return not is_answered
        last = b""
        for last in answers:
            client.sendall(last)
        self.is_in_transaction = last[5:] != b"I"  # of ReadyForQuery
        return last[:1] == b"Z"

    def _strike(self, backend: int) -> None:
        try:
            if self.strike:
                self.strike(backend)
        finally:
            self.struck.set()


def _greet(server: socket.socket, client: socket.socket) -> int:
    """Pass on the server's greeting; the backend's number."""
    backend = 0
    for message in _answers(server):
        if message[:1] == b"K":
            backend = struct.unpack("!I", message[5:9])[0]
        client.sendall(message)
    return backend


def _requests(client: socket.socket) -> Iterator[bytes]:
    request = b""
    while message := _message(client):
        request += message
        if message[:1] == b"X":
            return
        if message[:1] in b"QS":
            yield request
            request = b""


def _answers(server: socket.socket) -> Iterator[bytes]:
    """The server's messages up to ReadyForQuery, or to the end where it has gone."""
    with suppress(ConnectionResetError):
        while message := _message(server):
            yield message
            if message[:1] == b"Z":
                return


def _message(source: socket.socket) -> bytes:
    """One whole message: kind, length, body; empty where the other side has gone."""
    try:
        header = _exactly(source, 5)
        return header + _exactly(source, struct.unpack("!I", header[1:])[0] - 4)
    except EOFError:
        return b""


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = source.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _text(request: bytes) -> str:
    """The statement's first words, for a person."""
    start = 5 if request[:1] == b"Q" else request.index(b"\0", 5) + 1
    return " ".join(request[start : start + 300].split(b"\0")[0].decode(errors="replace").split())


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
