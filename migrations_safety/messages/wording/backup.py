"""Wording of the findings about backups."""

from migrations_safety.messages.findings import Finding, finding


def key_with_orphans(key: str, table: str) -> Finding:
    """The finding that a foreign key could not be restored, because rows of its table have no parent."""
    message = f"cannot be restored: rows of {table} have no parent row, although the key is marked as valid."
    hint = (
        "Count them with python manage.py verify_schema --all-keys, add the missing parents or correct the rows, and "
        "make the backup again. The archive is whole, but a restore of it ends without this key."
    )
    return finding("backup.E001", f"foreign key {key}", message, hint)


def not_restored(object: str, problem: str) -> Finding:
    """The finding that an object of the archive could not be restored."""
    hint = (
        "A restore of this archive ends without it. Correct it in the database and make the backup again, or name a "
        "server that has what it needs with --scratch-url."
    )
    return finding("backup.E002", object, f"cannot be restored: {problem}.", hint)


def damaged(archive: str, problem: str) -> Finding:
    """The finding that an archive is not as it was written."""
    hint = "Check the disk, remove this archive, and make the backup again on another disk."
    return finding("backup.E003", archive, f"is damaged: it {problem}.", hint)


def differs(object: str, problem: str) -> Finding:
    """The finding that something restored is not as the original was in the snapshot."""
    hint = "Do not rely on this archive: make the backup again, and compare the two manifests."
    return finding("backup.E004", object, f"was restored otherwise: {problem}.", hint)


def no_restore_test(archive: str, problem: str) -> Finding:
    """The finding that an archive was asked to be restored, and could not be tried."""
    hint = "Name an empty database of a server with space for it: backup_database --scratch-url URL."
    return finding("backup.E005", archive, f"was not restored: {problem}.", hint)


def untried(archive: str, problem: str) -> Finding:
    """The finding that an archive was not restored, because the place for it was missing."""
    hint = "Name an empty database of a server with space for it: backup_database --restore-test --scratch-url URL."
    return finding("backup.W001", archive, f"was not restored: {problem}.", hint)
