"""The one way from a step of the rehearsal to its copy: a gate, where the kernel has one, and else the address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from migrations_safety.postgresql.connection_gate import HOST, Gate, open_gate
from migrations_safety.postgresql.copies import CopiedDatabase
from migrations_safety.postgresql.relay import Relay
from migrations_safety.recovery.rehearsal.guard import ReachesOutside, refuse_outside

OF_THE_WAY = ("ssl", "gss", "krb", "channel_binding", "hostaddr", "passfile", "service", "requirepeer")
"""How the names of parameters begin that belong to the way to the server, which the relay goes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WayIn:
    """How a process reaches the copy: its parameters, and the file descriptor that it has to inherit."""

    parameters: dict[str, Any]
    descriptor: int | None


@contextmanager
def way_in(copy: CopiedDatabase, *, user: str, password: str, is_gated: bool, is_shared: bool) -> Iterator[WayIn]:
    """Provide the way for one process; `is_gated` where `gate_works` and the network is not asked for.

    With `is_shared` the copy is on a server with other databases.
    """
    if not is_gated:
        yield WayIn(parameters=copy.parameters, descriptor=None)
        return
    relay = Relay(parameters=copy.parameters, database=copy.name, user=user, refusal=partial(_refusal, is_shared))
    kept = {name: value for name, value in copy.parameters.items() if not name.startswith(OF_THE_WAY)}
    port = int(copy.parameters.get("port") or 5432)
    own = {"host": HOST, "port": port, "user": user, "password": password, "sslmode": "disable"}
    with open_gate(Gate(port=port, serve=relay.serve)) as theirs:
        yield WayIn(parameters={**kept, **own, "gssencmode": "disable"}, descriptor=theirs.fileno())


def _refusal(is_shared: bool, text: str) -> str | None:
    try:
        refuse_outside(text, is_shared=is_shared)
    except ReachesOutside as error:
        return str(error).removesuffix(", and was not run")
    return None
