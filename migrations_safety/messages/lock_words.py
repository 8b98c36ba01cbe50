"""The words for a lock that the plan takes on an existing table, of which its findings are made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from migrations_safety.messages.humanize import format_range, format_seconds

PARTS = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True, slots=True)
class LockWords:
    """What a sentence says of a lock; a range of seconds is `(least, most)`, with None for an unknown end."""

    lock: str
    """The mode, as `pg_locks` spells it."""
    migration: str
    operation: int
    """The number of the operation that takes it, from 1."""
    until_granted: float | None
    """The age of the oldest transaction on the table, 0 if there is none, None if it is not known."""
    writers: tuple[float, float | None]
    """How long writers wait."""
    readers: tuple[float, float | None] | None
    """How long readers wait; None if they do not."""
    because: str
    """What takes the time; empty if nothing does."""

    @property
    def as_arguments(self) -> dict[str, Any]:
        """The arguments that every finding about a lock takes."""
        place = {"migration": self.migration, "operation": self.operation}
        return {"taken": self.taken, "waiting": self.waiting, "granted": self.granted, **place}

    @property
    def taken(self) -> str:
        """`is locked by shop.0004_x, operation 1 (ACCESS EXCLUSIVE)`."""
        return f"is locked by {self.migration}, operation {self.operation} ({mode(self.lock)})"

    @property
    def waiting(self) -> str:
        """Who waits, how long, and for what."""
        reason = f" (it {self.because})" if self.because else ""
        if self.writers == (0, 0):
            return "instant once granted"
        if self.writers[1] is None:
            return f"how long others wait is unknown{reason}"
        writers = format_range(*self.writers)
        if self.readers is None:
            return f"writers wait {writers}{reason}"
        readers = format_range(*self.readers)
        both = f"readers and writers wait {writers}{reason}"
        return both if readers == writers else f"writers wait {writers}, readers {readers}{reason}"

    @property
    def granted(self) -> str:
        """For what the lock waits, as the end of a sentence."""
        if self.until_granted is None:
            return "how old the transactions on the table are is not known"
        if not self.until_granted:
            return "no transaction is open on the table now"
        return f"it waits behind the longest transaction (now {format_seconds(self.until_granted)})"


def mode(lock: str) -> str:
    """Return a lock mode as SQL spells it: `ACCESS EXCLUSIVE` for `AccessExclusiveLock`."""
    return PARTS.sub(" ", lock.removesuffix("Lock")).upper()
