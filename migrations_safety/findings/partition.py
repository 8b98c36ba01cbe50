"""Wording of the findings about partitioned tables."""

from migrations_safety.findings import Finding, finding


def key_by_key(table: str, *, server_version: str) -> Finding:
    """Before PostgreSQL 18 a partitioned table takes no NOT VALID key; its partitions do."""
    message = (
        f"is partitioned: on PostgreSQL {server_version} its partitions get the key one by one, then the table does."
    )
    return finding(
        "partition.I001", table, message, "Nothing to do: python manage.py migrate does it, without a long lock."
    )
