"""Wording of the findings about changes to the record of runs."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

ASK = "Ask who may write to this table, and compare it with a backup."


def changed(number: int) -> Finding:
    """The finding that the content of an event does not match its hash."""
    return finding("audit.E001", f"event {number}", "was changed after it was written.", ASK)


def out_of_order(number: int) -> Finding:
    """The finding that an event does not hold the hash of the event before it."""
    message = "does not follow the one before it: an event was removed, inserted or moved."
    return finding("audit.E002", f"event {number}", message, ASK)


def not_guarded() -> Finding:
    """The finding that no trigger refuses changes of the record; the hashes still show them."""
    message = "has no enabled trigger that refuses changes. The hashes of its events still show a change."
    hint = "Let nobody but the role of the deploys write to migrations_safety_run (REVOKE UPDATE, DELETE, TRUNCATE)."
    return finding("audit.I001", "the record", message, hint)


def removed_at_the_end(count: int) -> Finding:
    """The finding that the sequence has given out higher ids than the last event has."""
    message = f"has lost its last {pluralize(count, 'event')}, or as many attempts to write one failed."
    return finding("audit.E003", "the record", message, ASK)
