"""Lets the kernel of Linux refuse a process its connections, whatever language or library asks for them (seccomp).

A filter holds for the process and all that it starts, needs no rights of an administrator, and cannot be taken away. A
process can connect nowhere at all, or each `connect` is left to another process, which gives it a socket of its choice
(`connection_gate`). It is no prison for hostile code: it keeps away code that knows an address.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from errno import EACCES, EPERM
from typing import Any

STREAM = 1
"""The type of sockets that TCP and PostgreSQL's Unix sockets have (SOCK_STREAM); the lower bits of the argument."""
TYPE_BITS = 0xF
LOAD, JUMP_IF_EQUAL, AND, RETURN = 0x20, 0x15, 0x54, 0x06
"""Instructions of a filter (linux/bpf_common.h)."""
ALLOW, ASK, REFUSE, KILL = 0x7FFF0000, 0x7FC00000, 0x00050000, 0x80000000
"""What a filter returns (linux/seccomp.h): the call is made, another process is asked, it fails with an errno."""
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Where they stand in what a filter looks at (struct seccomp_data)."""
NO_NEW_PRIVILEGES, MODE_FILTER, NEW_LISTENER = 38, 1, 8
OTHER_NUMBERS = 0x40000000
"""The first number of the calls of x32, which have other numbers for the same."""


class NoFilter(OSError):
    """Raised where the kernel takes no filter."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The numbers of one architecture (AUDIT_ARCH and the table of system calls)."""

    architecture: int
    seccomp: int
    connect: int
    socket: int
    sendto: int
    with_addresses: tuple[int, ...]
    """`sendmsg` and `sendmmsg`, whose addresses a filter cannot see."""
    around: tuple[int, ...]
    """`ptrace`, `process_vm_writev`, `io_uring_setup`, `pidfd_getfd`: ways around a filter."""


MACHINES = {
    "x86_64": Machine(0xC000003E, 317, 42, 41, 44, (46, 307), (101, 311, 425, 438)),
    "aarch64": Machine(0xC00000B7, 277, 203, 198, 206, (211, 269), (117, 271, 425, 438)),
}


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


Code = list[tuple[int, int, int, int]]


def let_others_connect() -> int:
    """Leave each `connect` of this process to whoever holds the returned file descriptor.

    Other sockets than streams are refused. Call it before the process has threads, and `refuse_messages` once the
    descriptor was given away. Raises NoFilter where the kernel does not know this (Linux before 5.9), or forbids it.
    """
    machine = _machine()
    return _installer(machine, _connections(machine, ASK), NEW_LISTENER)()


def refuse_messages() -> None:
    """Refuse messages that carry their own address; raises NoFilter."""
    machine = _machine()
    code = [one for number in machine.with_addresses for one in _when(number, REFUSE | EACCES)]
    _installer(machine, code, 0)()


def connects_nowhere() -> Callable[[], Any] | None:
    """Return a function for a new process, after which neither it nor its children connect to anything.

    It is None where no filter is known. Where the kernel takes none, the process goes on without.
    """
    try:
        machine = _machine()
    except NoFilter:
        return None
    messages = [one for number in machine.with_addresses for one in _when(number, REFUSE | EACCES)]
    install = _installer(machine, _connections(machine, REFUSE | EACCES) + messages, 0)

    def try_it() -> None:
        with suppress(NoFilter):
            install()

    return try_it


def _machine() -> Machine:
    machine = MACHINES.get(platform.machine()) if os.uname().sysname == "Linux" else None
    if machine is None:
        raise NoFilter("no filter for this system")
    return machine


def _connections(machine: Machine, answer: int) -> Code:
    address = ARGUMENTS + 8 * 4
    return [
        *_when(machine.connect, answer),
        (JUMP_IF_EQUAL, 0, 4, machine.socket),
        (LOAD, 0, 0, ARGUMENTS + 8),
        (AND, 0, 0, TYPE_BITS),
        (JUMP_IF_EQUAL, 1, 0, STREAM),
        (RETURN, 0, 0, REFUSE | EACCES),
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 5, machine.sendto),
        (LOAD, 0, 0, address),
        (JUMP_IF_EQUAL, 0, 2, 0),
        (LOAD, 0, 0, address + 4),
        (JUMP_IF_EQUAL, 1, 0, 0),
        (RETURN, 0, 0, REFUSE | EACCES),
        (LOAD, 0, 0, NUMBER),
        *(one for number in machine.around for one in _when(number, REFUSE | EPERM)),
    ]


def _when(number: int, answer: int) -> Code:
    return [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, answer)]


def _installer(machine: Machine, code: Code, flags: int) -> Callable[[], int]:
    """Return what installs a filter; all memory is there before, because it may be called between fork and exec."""
    library = ctypes.CDLL(None, use_errno=True)
    whole = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 1, 0, machine.architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (0x35, 0, 1, OTHER_NUMBERS),  # jump if greater or equal
        (RETURN, 0, 0, REFUSE | EPERM),
        *code,
        (RETURN, 0, 0, ALLOW),
    ]
    instructions = (_Instruction * len(whole))(*(_Instruction(*one) for one in whole))
    program = _Program(len(whole), instructions)
    arguments = [ctypes.c_long(one) for one in (machine.seccomp, MODE_FILTER, flags)]

    def install() -> int:
        if library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
            found = int(library.syscall(*arguments, ctypes.byref(program)))
            if found >= 0:
                return found
        raise NoFilter(ctypes.get_errno(), "the kernel takes no filter")

    return install
