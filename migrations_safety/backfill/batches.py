"""Runs writes in batches, short transactions of adaptive size, and pauses while standbys or the archive lag behind."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import OperationalError, transaction
from psycopg import sql

from migrations_safety.locking.lock_ladder import CONFLICTS
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import LocksNotFree, StandbysBehind
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.retries import NotYet, retry_until_done
from migrations_safety.sql import statement
from migrations_safety.sql.composition import send

FIRST = 1000
"""The number of rows in the first batch."""
SMALLEST = 100
"""The smallest number of rows in a batch, unless the operator allows fewer."""
LARGEST = 50_000
"""The largest number of rows in a batch, unless the operator sets another limit."""
MAX_PASSES = 10
"""The most passes of a backfill, which starts another one where the application has added orphans."""
LONGEST_PAUSE = 600
"""The seconds of one pause after which a backfill gives up. Finished batches are kept."""
ROW_WAIT = 100
"""The milliseconds that a batch waits for a locked row, while it holds locks on other rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchOptions:
    """The operator's options for batches."""

    batch_size: int | None = None
    """The largest number of rows in a batch; None stands for LARGEST and a smaller first batch."""
    batch_time: float = 0.25
    """The seconds that a batch should take."""
    max_lag: float = 30
    """The seconds that a standby may be behind before a backfill pauses; 0 means no limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A range of row numbers in the work table: those greater than `after`, up to and including `upto`."""

    after: int
    upto: int

    @property
    def parameters(self) -> dict[str, Any]:
        """The range as parameters for a statement: `after` and `upto`."""
        return {"after": self.after, "upto": self.upto}


def batches(connection: Connection, batching: BatchOptions, *, total: int, progress: Progress) -> Iterator[Batch]:
    """Divide the row numbers 1 to `total` into batches.

    The time that the caller needs for a batch decides the size of the next one. Raises StandbysBehind where a pause
    lasts longer than LONGEST_PAUSE.
    """
    largest = batching.batch_size or LARGEST
    size = min(FIRST, largest) if batching.batch_size is None else largest
    after = 0
    while after < total:
        wait_for_standbys(connection, max_lag=batching.max_lag, progress=progress)
        batch = Batch(after=after, upto=min(after + size, total))
        started = time.monotonic()
        yield batch
        faster = batching.batch_time / max(time.monotonic() - started, 0.001)
        size = max(min(SMALLEST, largest), min(largest, int(size * min(2.0, max(0.25, faster)))))
        after = batch.upto


def in_short_transaction(
    connection: Connection, query: sql.Composable, parameters: dict[str, Any], *, progress: Progress
) -> int:
    """Run one batch in a transaction, and return the number that the query returns in its first column.

    The batch is rolled back and tried again where another session has locked one of its rows. The batch waits at most
    ROW_WAIT for such a row, so that no session waits longer for rows that the batch has locked already. Raises
    LocksNotFree after LONGEST_PAUSE.
    """
    attempt = partial(_batch, connection, query, parameters)
    return retry_until_done(attempt, seconds=LONGEST_PAUSE, pause=partial(random.uniform, 0.1, 0.5), progress=progress)


def _batch(connection: Connection, query: sql.Composable, parameters: dict[str, Any]) -> int | NotYet:
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement("statement_limits.limit_lock_waits"), {"milliseconds": str(ROW_WAIT)})
            send(cursor, query, parameters)
            return int(cursor.fetchone()[0])
    except OperationalError as error:
        if not isinstance(error.__cause__, CONFLICTS):
            raise
        return NotYet(
            sentence="Another session locks rows of this batch; retrying until it releases them …",
            refusal=LocksNotFree(what="A batch", seconds=LONGEST_PAUSE, held_by="another session"),
            cause=error,
        )


def wait_for_standbys(connection: Connection, *, max_lag: float, progress: Progress) -> None:
    """Wait until no standby is more than `max_lag` seconds behind and the archiver does not fail.

    With `max_lag` 0 it returns at once. Raises StandbysBehind after LONGEST_PAUSE.
    """
    if max_lag:
        attempt = partial(_reason_to_pause, connection, max_lag=max_lag)
        retry_until_done(attempt, seconds=LONGEST_PAUSE, pause=lambda: 0.5, progress=progress)


def _reason_to_pause(connection: Connection, *, max_lag: float) -> NotYet | None:
    with connection.cursor() as cursor:
        cursor.execute(statement("batches.standbys_and_archive"))
        lag, archiver_fails = cursor.fetchone()
    if lag is not None and lag > max_lag:
        return _paused("a standby is behind", f"by {lag:.0f} s, more than --max-lag {max_lag:.0f}")
    return _paused("the archive queue grows", "because the last archiving failed") if archiver_fails else None


def _paused(reason: str, why: str) -> NotYet:
    words = f"{reason} {why}"
    return NotYet(sentence=f"Paused: {words}.", refusal=StandbysBehind(reason=words), reason=reason)
