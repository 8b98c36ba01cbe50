"""Wording of what is wrong with the record of runs."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

ASK = "Ask who may write to this table, and compare it with a backup."


def changed(number: int) -> Finding:
    """The event's content is not what its hash was made of."""
    return finding("audit.E001", f"event {number}", "was changed after it was written.", ASK)


def out_of_order(number: int) -> Finding:
    """The event before this one is not the one that it was chained to."""
    message = "does not follow the one before it: an event was removed, inserted or moved."
    return finding("audit.E002", f"event {number}", message, ASK)


def removed_at_the_end(count: int) -> Finding:
    """Numbers were given out to events that do not exist."""
    message = f"has lost its last {pluralize(count, 'event')}, or as many attempts to write one failed."
    return finding("audit.E003", "the record", message, ASK)
