"""Wording of the findings about differences between the database and what its applied migrations make."""

from migrations_safety.messages.findings import Finding, finding

TELL_THE_MODELS = "Or tell the models: a migration with SeparateDatabaseAndState(state_operations=[…])."


def missing(subject: str, *, declared: str, change: str) -> Finding:
    """The finding that an object of the applied migrations does not exist; `change` puts it back."""
    message = f"does not exist, but the applied migrations make it as {declared}."
    return finding("drift.W001", subject, message, f"{change} {TELL_THE_MODELS}")


def differs(subject: str, *, declared: str, found: str, change: str) -> Finding:
    """The finding that an object differs from what the applied migrations make; `change` makes it the same."""
    message = f"is {found}, but the applied migrations make it {declared}."
    return finding("drift.W002", subject, message, f"{change} {TELL_THE_MODELS}")


def made_by_hand(subject: str, *, found: str, change: str) -> Finding:
    """The finding that no applied migration makes an object that a table of the project has; `change` drops it."""
    message = f"exists as {found}, but no applied migration makes it."
    return finding("drift.W003", subject, message, f"{change} {TELL_THE_MODELS}")
