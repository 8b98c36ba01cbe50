"""Refusals about locks: what was not free in time, and what others waited for."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.refusals.base import Refusal

ROLLED_BACK = "It was rolled back; nothing is half done."
ROLLED_BACK_IN_PART = "It was rolled back. Earlier steps of this non-atomic migration are kept."
STARTS_AGAIN = (
    "The migration then starts again at its first operation. Check before which of its steps are already done."
)


class RolledBack(Refusal):
    """The statement had to give way; `is_whole` is False where earlier steps of a migration stay committed."""

    def __init__(self, *, is_whole: bool = True, **words: Any) -> None:
        super().__init__(outcome=ROLLED_BACK if is_whole else ROLLED_BACK_IN_PART, **words)
        self.hint = self.hint if is_whole else f"{self.hint} {STARTS_AGAIN}"


class LocksNotFree(RolledBack):
    """Others held the locks longer than we were ready to try."""

    message = "{what} did not get its locks within {seconds} s; they are held by {held_by}. {outcome}"
    hint = "Run the same command again when that session has ended, or with a longer --retry-for."


class GaveWay(RolledBack):
    """We waited for a lock, and others queued behind us."""

    message = (
        "{what} waited for {held_by} while others waited for it. It gave way after trying for {seconds} s. {outcome}"
    )
    hint = "Run it at a quieter hour, or with a larger --max-stall (milliseconds)."


class OthersWaited(RolledBack):
    """We had the lock, and others waited for it too long."""

    message = "{what} made others wait longer than --max-stall in every attempt of {seconds} s. {outcome}"
    hint = "Run it at a quieter hour, or with a larger --max-stall (milliseconds; with 0 others wait until it is done)."


class NobodyWatches(Refusal):
    """No second connection for the watchdog."""

    message = "The watchdog cannot see who waits behind this migration: {reason}. Nothing was changed."
    hint = (
        "Free a second connection (CONNECTION LIMIT of the role, max_connections, size of the pool). Or add "
        "--max-stall 0: then nothing is watched, and others wait behind each statement as long as it takes."
    )


class InvalidIndexLeft(Refusal):
    """A concurrent build failed, and what it left could not be dropped."""

    message = "The index {index} on {table} could not be built. An invalid index is left, and every write maintains it."

    def __init__(self, *, index: str, table: str) -> None:
        super().__init__(index=index, table=table)
        self.hint = f"DROP INDEX CONCURRENTLY {index};"


class StandbysBehind(Refusal):
    """Replication or archiving lags longer than we were ready to wait."""

    message = "The batches paused for ten minutes: {reason}. Finished batches are kept."
    hint = "Check pg_stat_replication and pg_stat_archiver, then run again. --max-lag 0 goes on despite the lag."
