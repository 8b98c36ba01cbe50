"""Wording of the findings about partitioned tables."""

from migrations_safety.messages.findings import Finding, finding


def key_at_once(subject: str, *, target: str) -> Finding:
    """Django's own key is added in one statement, which proves it for all partitions."""
    message = (
        f"is in a partitioned table, and its key is added in one statement: writers of it and of {target} wait as "
    )
    message += "long as all rows are read (SHARE ROW EXCLUSIVE)."
    hint = (
        "Declare it as a ForeignKeyConstraint: python manage.py makemigrations then adds it in two steps. Or migrate "
    )
    return finding("partition.W001", subject, message, hint + "while nobody writes, with --max-stall 0.")


def key_by_key(table: str, *, server_version: str) -> Finding:
    """Before PostgreSQL 18 a partitioned table takes no NOT VALID key; its partitions do."""
    message = (
        f"is partitioned: on PostgreSQL {server_version} its partitions get the key one by one, then the table does."
    )
    return finding(
        "partition.I001", table, message, "Nothing to do: python manage.py migrate does it, without a long lock."
    )
