"""Wording of the findings about backups."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import format_age, pluralize

MAKE_ONE = "python manage.py backup_database --output FOLDER"
PROVED = {"written": "It was written, with a checksum.", "read": "It was read to its end."}
"""What an archive was shown to be that was not restored."""
KEEPS_NO_ACCOUNT = {"pgbackrest": "pgBackRest", "barman": "Barman"}


def _shown(proof: str) -> str:
    return PROVED.get(proof, f"Its level is {proof}.")


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


def no_restore_test(archive: str, problem: str, *, proof: str) -> Finding:
    """The finding that an archive was asked to be restored, and could not be tried; `proof` is its level."""
    hint = "Name an empty database of a server with space for it: backup_database --scratch-url URL."
    return finding("backup.E005", archive, f"was not restored: {problem}. {_shown(proof)}", hint)


def untried(archive: str, problem: str, *, proof: str) -> Finding:
    """The finding that an archive was not restored, because the place for it was missing; `proof` is its level."""
    hint = "Name an empty database of a server with space for it: backup_database --restore-test --scratch-url URL."
    return finding("backup.W001", archive, f"was not restored: {problem}. {_shown(proof)}", hint)


def broken_off(archive: str, problem: str, *, proof: str) -> Finding:
    """The finding that the trial of an archive broke off, which says nothing about the archive."""
    hint = f"Look at the server of the test, and make the backup again: {MAKE_ONE} --restore-test"
    return finding("backup.E006", archive, f"was not tried to the end: {problem}. {_shown(proof)}", hint)


def unsaved(archive: str, problem: str, *, proof: str) -> Finding:
    """The finding that the manifest of an archive could not get the level that was shown."""
    message = f"was tried, but its manifest still says written and not {proof}: {problem}."
    return finding("backup.E007", archive, message, f"Make room there, and make the backup again: {MAKE_ONE}")


def not_removed(name: str, problem: str) -> Finding:
    """The finding that the scratch database of a restore test may still be there."""
    message = f"may have a copy that was not removed after the restore test: {problem}."
    hint = "It holds patient data. The next backup of this database removes it; python manage.py diagnose lists it."
    return finding("backup.W002", name, message, hint)


def no_backup(name: str, *, others: int) -> Finding:
    """The finding that no backup of the database is known; `others` belong to other databases."""
    beside = f" ({pluralize(others, 'backup')} of other databases or servers)" if others else ""
    hint = f"Make one: {MAKE_ONE}, or name the place of your backups with --backups."
    return finding("backup.E020", name, f"has no backup that is known{beside}.", hint)


def too_old(name: str, *, age: int, most: int) -> Finding:
    """The finding that the last backup is older than required; both ages in seconds."""
    message = f"is the last backup and {format_age(age)} old, but at most {format_age(most)} are allowed."
    return finding("backup.E021", name, message, f"Make a new one: {MAKE_ONE}")


def not_tried(name: str, *, proof: str, least: str, kind: str) -> Finding:
    """The finding that the last backup was tried less than required; `proof` and `least` are words of the manifest."""
    hint = f"Make one that is restored: {MAKE_ONE} --restore-test"
    if tool := KEEPS_NO_ACCOUNT.get(kind):
        hint = (
            f"{tool} keeps no account of restores: restore it somewhere, sign that with --backups signed:FILE, "
            "or ask for less with --require-backup AGE,written."
        )
    return finding("backup.E022", name, f"is the last backup, and {proof} is less than {least}.", hint)


def changed(name: str, problem: str, hint: str = "") -> Finding:
    """The finding that a backup is not as it was written, or says what cannot be."""
    return finding("backup.E023", name, f"{problem}.", hint or f"Do not rely on it. Make a new one: {MAKE_ONE}")


def last_backup(name: str, *, age: int, proof: str) -> Finding:
    """The finding that tells the age of the last backup, in seconds, and how far it was tried."""
    message = f"is the last backup, {format_age(age)} old, {proof}. Its archive was not read again."
    return finding("backup.I020", name, message, "To rely on it: python manage.py migrate --require-backup 24h")


def none_found(name: str, *, places: int) -> Finding:
    """The finding that the named places have no backup of the database."""
    message = f"has no backup in {pluralize(places, 'place')} that were looked at."
    return finding("backup.I021", name, message, f"Make one: {MAKE_ONE}")


def not_read(place: str, reason: str, hint: str) -> Finding:
    """The finding that a place of backups could not be read."""
    return finding("backup.W020", place, f"could not be looked at for backups: {reason}.", hint or "Correct the place.")
