"""Refusals about locks: those that were not free in time, and those for which other sessions waited too long."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.refusals.base import Refusal

ROLLED_BACK = "It was rolled back; nothing is half done."
ROLLED_BACK_IN_PART = "It was rolled back. Earlier steps of this non-atomic migration are kept."
ROLLED_BACK_A_STEP = "It was rolled back. What was done before is kept, and the same command goes on after it."
STARTS_AGAIN = (
    "The migration then starts again at its first operation. Check before which of its steps are already done."
)


class StatisticsRefused(Refusal):
    """Raised where the file of `--statistics` cannot be used."""

    message = "The statistics {file} cannot be used: {problem}. Nothing was checked."
    hint = "Write them on the database itself: python manage.py precheck --write-statistics FILE"


class RolledBack(Refusal):
    """The base class for a statement that was rolled back because of locks.

    `is_whole` is False where earlier steps of a non-atomic migration stay committed, and `goes_on` says whether the
    same command then goes on after them.
    """

    def __init__(self, *, is_whole: bool = True, goes_on: bool = False, **words: Any) -> None:
        in_part = ROLLED_BACK_A_STEP if goes_on else ROLLED_BACK_IN_PART
        super().__init__(outcome=ROLLED_BACK if is_whole else in_part, **words)
        self.hint = self.hint if is_whole or goes_on else f"{self.hint} {STARTS_AGAIN}"


class LocksNotFree(RolledBack):
    """Raised where other sessions held the locks until the time for attempts was over."""

    message = "{what} did not get its locks within {seconds} s; they are held by {held_by}. {outcome}"
    hint = "Run the same command again when that session has ended, or with a longer --retry-for."


class GaveWay(RolledBack):
    """Raised where a statement waited for a lock, and other sessions waited behind it."""

    message = (
        "{what} waited for {held_by} while others waited for it. It gave way after trying for {seconds} s. {outcome}"
    )
    hint = "Run it at a quieter hour, or with a larger --max-stall (milliseconds)."


class OthersWaited(RolledBack):
    """Raised where a statement held its lock, and other sessions waited for the lock too long."""

    message = "{what} made others wait longer than --max-stall in every attempt of {seconds} s. {outcome}"
    hint = "Run it at a quieter hour, or with a larger --max-stall (milliseconds; with 0 others wait until it is done)."


class NobodyWatches(Refusal):
    """Raised where the watchdog cannot open the second connection that it needs."""

    message = "The watchdog cannot see who waits behind this migration: {reason}. Nothing was changed."
    hint = (
        "Free a second connection (CONNECTION LIMIT of the role, max_connections, size of the pool). Or add "
        "--max-stall 0: then nothing is watched, and others wait behind each statement as long as it takes."
    )


class InvalidIndexLeft(Refusal):
    """Raised where CREATE INDEX CONCURRENTLY failed and the invalid index could not be dropped."""

    message = "The index {index} on {table} could not be built. An invalid index is left, and every write maintains it."

    def __init__(self, *, index: str, table: str) -> None:
        super().__init__(index=index, table=table)
        self.hint = f"DROP INDEX CONCURRENTLY {index};"


class StandbysBehind(Refusal):
    """Raised where replication or archiving stays behind longer than the batches may pause."""

    message = "The batches paused for ten minutes: {reason}. Finished batches are kept."
    hint = "Check pg_stat_replication and pg_stat_archiver, then run again. --max-lag 0 goes on despite the lag."
