"""Wording of the findings about sessions and transactions that use the tables now."""

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
