"""A way to the server that tells the client another backend's number, as a pooler in transaction mode does."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

CHUNK = 65536


class Relay:
    """Listens on 127.0.0.1 and passes everything on to a port there; `with Relay(to=5432) as port:`."""

    def __init__(self, *, to: int, other_backend: bool = False) -> None:
        self.to = to
        self.other_backend = other_backend
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sockets = [self.listener]

    def __enter__(self) -> int:
        threading.Thread(target=self._accept, daemon=True).start()
        return int(self.listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        for one in self.sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                self.sockets += [client, server]
                threading.Thread(target=self._pass, args=[client, server], daemon=True).start()
                threading.Thread(target=self._answer, args=[server, client], daemon=True).start()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while self.other_backend:
                header = _exactly(server, 5)
                kind, length = struct.unpack("!cI", header)
                body = _exactly(server, length - 4)
                if kind == b"K":  # BackendKeyData: the backend's number, then its secret
                    body = struct.pack("!I", struct.unpack("!I", body[:4])[0] + 1) + body[4:]
                client.sendall(header + body)
                if kind in (b"K", b"E"):
                    break
        self._pass(server, client)

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = source.recv(size - len(data))
        if not part:
            raise ConnectionResetError
        data += part
    return data
