"""Reads how far standbys and replication slots are behind, and whether a COMMIT waits for a standby."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows

LATE = 30.0
"""Seconds from which a standby is reported as lagging."""
MUCH = 256 * 1024**2
"""Bytes of WAL from which a standby or a slot is reported as lagging."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standby:
    """A standby that this server feeds."""

    name: str
    address: str
    is_hidden: bool
    """Whether the role may not see how far it is."""
    state: str
    sync_state: str
    seconds: float
    bytes: int

    @property
    def lags(self) -> bool:
        """Whether it is behind by more than a moment."""
        return not self.is_hidden and self.bytes > 0 and (self.seconds >= LATE or self.bytes >= MUCH)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A replication slot, for which the server keeps WAL."""

    name: str
    type: str
    is_active: bool
    is_temporary: bool
    wal_status: str
    """`reserved`, `extended`, `unreserved` or `lost`."""
    bytes: int

    @property
    def lags(self) -> bool:
        """Whether the server keeps much WAL for it, or no longer has what it needs."""
        return self.bytes >= MUCH or self.wal_status in {"extended", "unreserved", "lost"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Synchronous:
    """Whether commits wait for a standby."""

    wanted: str
    """The setting `synchronous_standby_names`; empty where no commit waits."""
    waiting: int
    """The sessions that wait for the answer of a standby, as far as the role may see them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replication:
    """The standbys and the slots of this server."""

    standbys: tuple[Standby, ...] = ()
    slots: tuple[Slot, ...] = ()
    synchronous: Synchronous = Synchronous(wanted="", waiting=0)

    @property
    def commits_wait(self) -> bool:
        """Whether each COMMIT waits for a standby that is not there."""
        if not self.synchronous.wanted or any(one.is_hidden for one in self.standbys):
            return False
        return not any(one.sync_state in {"sync", "quorum"} for one in self.standbys)


def replication(connection: Connection) -> Replication:
    """Return the standbys and the slots of this server."""
    (synchronous,) = rows(connection, "replication.synchronous", {}, Synchronous)
    return Replication(
        standbys=tuple(rows(connection, "replication.standbys", {}, Standby)),
        slots=tuple(rows(connection, "replication.slots", {}, Slot)),
        synchronous=synchronous,
    )
