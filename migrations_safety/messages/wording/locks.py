"""Wording of the findings about who uses the tables now, and about the locks that the plan takes on them."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.sql.identifiers import quote_identifier


def long_transaction(table: str, *, pid: int, state: str, seconds: int, application: str) -> Finding:
    """The finding that a session has a long transaction, for which a migration would wait."""
    name = application or "no application name"
    message = f"is in use by pid {pid} ({name}), {state}, in a transaction of {seconds} s."
    hint = f"Let it end, or as its owner: SELECT pg_terminate_backend({pid});"
    return finding("locks.W001", table, message, hint)


def prepared_transaction(table: str, *, seconds: int) -> Finding:
    """The finding that a prepared transaction holds locks on the table."""
    message = f"is locked by a prepared transaction of {seconds} s, which keeps its locks until somebody ends it."
    hint = "SELECT gid FROM pg_prepared_xacts; then COMMIT PREPARED or ROLLBACK PREPARED."
    return finding("locks.E001", table, message, hint)


def hidden_sessions(table: str, *, sessions: int, role: str) -> Finding:
    """The finding that sessions of other roles use the table, whose state and age the role may not see."""
    message = f"is in use by {pluralize(sessions, 'session')} whose age the role {quote_identifier(role)} may not see."
    hint = f"GRANT pg_read_all_stats TO {quote_identifier(role)}; then run precheck again."
    return finding("locks.W003", table, message, hint)


def wraparound_vacuum(table: str, *, pid: int) -> Finding:
    """The finding that an autovacuum works on the table and does not give way to a migration."""
    message = f"is being vacuumed to prevent wraparound (pid {pid}), and that vacuum does not give way to a migration."
    return finding("locks.W002", table, message, "Wait until it has finished: SELECT * FROM pg_stat_progress_vacuum;")


def held_too_long(
    table: str, *, taken: str, waiting: str, granted: str, limit: str, hint: str, migration: str, operation: int
) -> Finding:
    """The finding that others wait for longer than `--max-stall`, even by the fastest estimate."""
    message = f"{taken}: {waiting}, longer than --max-stall ({limit}); {granted}."
    return finding("locks.E002", table, message, hint, migration=migration, operation=operation)


def perhaps_held_too_long(
    table: str, *, taken: str, waiting: str, granted: str, limit: str, hint: str, migration: str, operation: int
) -> Finding:
    """The finding that others wait for longer than `--max-stall` by the slowest estimate, and not by the fastest."""
    message = f"{taken}: {waiting}, which may be longer than --max-stall ({limit}); {granted}."
    return finding("locks.W004", table, message, hint, migration=migration, operation=operation)


def duration_unknown(
    table: str, *, taken: str, waiting: str, granted: str, hint: str, migration: str, operation: int
) -> Finding:
    """The finding that nobody can tell how long the lock is held."""
    message = f"{taken}: {waiting}; {granted}."
    return finding("locks.W005", table, message, hint, migration=migration, operation=operation)


def hot_table_locked(
    table: str, *, taken: str, waiting: str, granted: str, hint: str, migration: str, operation: int
) -> Finding:
    """The finding that a lock on a hot table stops writers, or readers too."""
    message = f"is a hot table and {taken}: {waiting}; {granted}."
    return finding("locks.E003", table, message, hint, migration=migration, operation=operation)


def short_lock(
    table: str,
    *,
    taken: str,
    waiting: str,
    granted: str,
    limit: str,
    is_used: bool,
    migration: str,
    operation: int,
) -> Finding:
    """The information that a lock stops others for a short time, or that nobody uses the table."""
    others = f"; others wait behind it at most --max-stall ({limit})" if limit else ""
    unused = "" if is_used else "; no read and no write of the table was counted"
    message = f"{taken}: {waiting}; {granted}{others}{unused}."
    hint = "Nothing to do: migrate tries the lock on the lock ladder. At a quiet hour it is granted sooner."
    return finding("locks.I001", table, message, hint, migration=migration, operation=operation)


def rows_locked(table: str, *, waiting: str, migration: str, operation: int) -> Finding:
    """The finding that written rows stay locked until the end of a transaction that may be long."""
    message = f"has rows written by {migration}, operation {operation}: others who write the same rows wait {waiting}."
    hint = "Write the rows in batches, each in a transaction of its own: RunPython in a migration with atomic = False."
    return finding("locks.W006", table, message, hint, migration=migration, operation=operation)


def hot_table_missing(table: str) -> Finding:
    """The information that the settings call a table hot that is not there."""
    message = "is in the setting MIGRATIONS_SAFETY_HOT_TABLES, and this database has no such table."
    hint = "If the name is misspelt, correct it in the settings. Write the table as in the database, not the model."
    return finding("locks.I002", table, message, hint)
