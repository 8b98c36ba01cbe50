"""Shows the progress of one long statement on the terminal.

The session that counts writes its progress into `application_name`, where a second session reads it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from migrations_safety.census.scan_queries import NAME
from migrations_safety.census.scan_strategy import SMALLEST_PIECE, ScanPlan
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql import second_connection
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

SHORT = 1.0
"""A second session is opened only if the statement still runs after this many seconds."""


@contextmanager
def reporting_progress(connection: Connection, scan: ScanPlan, *, progress: Progress) -> Iterator[None]:
    """Show how far the statement is that runs inside the `with` block.

    Only a statement that reads piece after piece can tell this. For any other, show what is being read.
    """
    label = f"Counting {pluralize(len(scan.keys), 'reference')}"
    is_soon_over = scan.bytes < SMALLEST_PIECE and not scan.max_rate
    if scan.by_index or scan.jobs > 1 or is_soon_over or type(progress) is Progress:
        how = "by their indexes" if scan.by_index else pluralize(scan.jobs, "process", "processes")
        size = f"{scan.megabytes:,} MB" if scan.megabytes else "less than 1 MB"
        with progress.busy(f"{label}: {size}, {how} …"):
            yield
        return
    over = threading.Event()
    with progress.steps(f"{label}, MB", total=max(1, scan.megabytes)) as advance:
        arguments = (
            second_connection.connection_parameters(connection),
            second_connection.backend_pid(connection),
            over,
            lambda share: advance(int(share * scan.megabytes)),
        )
        watcher = threading.Thread(target=_watch, args=arguments, name="progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _watch(parameters: dict[str, Any], pid: int, over: threading.Event, advance: Callable[[float], None]) -> None:
    """Read the progress twice a second. If no second session can be opened, show no progress and raise nothing."""
    if over.wait(SHORT):
        return
    with suppress(psycopg.Error), second_connection.open_connection(parameters) as session:
        while not over.wait(SHORT / 2):
            found = session.execute(statement("scan_progress.name_of_session"), {"pid": pid}).fetchone()
            if found and (found[0] or "").startswith(NAME):
                advance(float(found[0].removeprefix(NAME)) / 100)
