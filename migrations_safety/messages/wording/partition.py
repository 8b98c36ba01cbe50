"""Wording of the findings about partitioned tables."""

from migrations_safety.messages.findings import Finding, finding


def key_at_once(subject: str, *, target: str) -> Finding:
    """The finding that Django adds its foreign key to a partitioned table in one statement that reads all rows."""
    message = (
        "is in a partitioned table, and one statement adds its key and reads all rows. "
        f"Writers of it and of {target} wait as long as that takes (SHARE ROW EXCLUSIVE)."
    )
    hint = (
        "Declare it as a ForeignKeyConstraint: python manage.py makemigrations then adds it in two steps. "
        "Or migrate while nobody writes, with --max-stall 0."
    )
    return finding("partition.W001", subject, message, hint)


def key_by_key(table: str, *, server_version: str) -> Finding:
    """The finding that each partition gets the foreign key by itself.

    Before PostgreSQL 18, a partitioned table accepts no NOT VALID foreign key, but its partitions do.
    """
    message = (
        f"is partitioned. On PostgreSQL {server_version} each partition gets the key by itself, then the table does."
    )
    hint = "There is nothing to do: python manage.py migrate does it without a long lock."
    return finding("partition.I001", table, message, hint)
