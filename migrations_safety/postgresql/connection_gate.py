"""Decides where the connections of another process lead: each `connect` there gets a socket from here, or an error.

The other process calls `go_through`. The kernel then stops each of its `connect` calls, and those of all programs that
it starts, and asks the gate (seccomp user notification, Linux 5.9 or newer). No address is used: a stream to the one
address that is expected gets one end of a pair of sockets whose other end is served here, and the rest is refused.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EACCES
from fcntl import ioctl
from functools import cache
from pathlib import Path
from typing import Any

from migrations_safety.postgresql.syscall_filter import let_others_connect, refuse_messages

HOST = "127.0.0.1"
"""The host under which the other process finds what is served here; nothing listens there."""
RECEIVE, SEND, ADD = 0xC0502100, 0xC0182101, 0x40182103
"""Requests of seccomp's notifications (linux/seccomp.h)."""
NOTIFICATION, ARGUMENTS = 80, 32
REPLACES = 1
PATIENCE = 20
"""How many seconds the trial may take."""

TRIAL = """
import socket, sys
from migrations_safety.postgresql.connection_gate import HOST, go_through
go_through(int(sys.argv[1]))
try:
    socket.create_connection((HOST, 2))
except PermissionError:
    there = socket.create_connection((HOST, 1))
    there.sendall(b"?")
    sys.exit(0 if there.recv(1) == b"!" else 1)
sys.exit(1)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What leads through the gate: each connection to HOST and `port` is handed to `serve`, in a thread of its own."""

    port: int
    serve: Callable[[socket.socket], None]


def go_through(descriptor: int) -> None:
    """Leave all connections of this process to the gate that gave this descriptor; raises NoFilter.

    It comes first in a process, before there are threads.
    """
    with socket.socket(fileno=descriptor) as there:
        listener = let_others_connect()
        socket.send_fds(there, [b"!"], [listener])
        os.close(listener)
    refuse_messages()


@contextmanager
def open_gate(gate: Gate) -> Iterator[socket.socket]:
    """Serve one process during the block; it gets the file descriptor of the socket, and calls `go_through`."""
    ours, theirs = socket.socketpair()
    waker, sleeper = socket.socketpair()
    thread = threading.Thread(target=_serve, args=(gate, ours, sleeper), daemon=True)
    with ours, theirs, waker, sleeper:
        thread.start()
        try:
            yield theirs
        finally:
            theirs.close()
            waker.close()
            thread.join()


@cache
def gate_works() -> bool:
    """Try it with a process: whether connections can be decided on here, and no other is let through."""

    def serve(there: socket.socket) -> None:
        with there:
            there.sendall(b"!" if there.recv(1) == b"?" else b"")

    path = {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with open_gate(Gate(port=1, serve=serve)) as theirs:
        command = [sys.executable, "-c", TRIAL, str(theirs.fileno())]
        with suppress(subprocess.TimeoutExpired):
            tried = subprocess.run(
                command, env=os.environ | path, pass_fds=[theirs.fileno()], timeout=PATIENCE, check=False, **quiet
            )
            return tried.returncode == 0
    return False


def _serve(gate: Gate, ours: socket.socket, sleeper: socket.socket) -> None:
    """Answer each `connect` of the other process until it has ended, or the block has."""
    ready, _, _ = select.select([ours, sleeper], [], [])
    if ours not in ready:
        return
    with suppress(OSError):
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        for listener in descriptors:
            try:
                _answer_all(gate, listener, sleeper)
            finally:
                os.close(listener)


def _answer_all(gate: Gate, listener: int, sleeper: socket.socket) -> None:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(sleeper, select.POLLIN)
    while True:
        events = dict(poll.poll())
        if sleeper.fileno() in events or not events.get(listener, 0) & select.POLLIN:
            return
        asked = bytearray(NOTIFICATION)
        with suppress(OSError):  # the process has ended meanwhile
            ioctl(listener, RECEIVE, asked)
            error = 0 if _is_connected(gate, listener, asked) else EACCES
            ioctl(listener, SEND, struct.pack("=QqiI", *struct.unpack_from("=Q", asked), 0, -error, 0))


def _is_connected(gate: Gate, listener: int, asked: bytearray) -> bool:
    """Give the socket that asks its other end, if it asks for the one address; return whether it has got one."""
    number, pid = struct.unpack_from("=QI", asked)
    descriptor, address, length = struct.unpack_from("=3Q", asked, ARGUMENTS)
    try:
        if _address(pid, address, length) != _expected(gate.port):
            return False
        flags = _flags(pid, descriptor)
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.setblocking(not flags & os.O_NONBLOCK)
            added = struct.pack("=QIIII", number, REPLACES, theirs.fileno(), descriptor, flags & os.O_CLOEXEC)
            ioctl(listener, ADD, added)
    except OSError:
        return False
    threading.Thread(target=gate.serve, args=(ours,), daemon=True).start()
    return True


def _expected(port: int) -> bytes:
    return struct.pack("=H", socket.AF_INET) + port.to_bytes(2, "big") + socket.inet_aton(HOST)


def _address(pid: int, address: int, length: int) -> bytes:
    """Read which address it asks for; what it writes there later changes nothing, because no address is used."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(min(length, 8))


def _flags(pid: int, descriptor: int) -> int:
    with Path(f"/proc/{pid}/fdinfo/{descriptor}").open(encoding="ascii") as file:
        [flags] = [line.split()[1] for line in file if line.startswith("flags:")]
    return int(flags, 8)
