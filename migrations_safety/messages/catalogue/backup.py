"""Kinds of findings of the area backup: what backup_database reports about an archive and its trial."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="backup.E001",
        title="Rows without a parent make a restore fail",
        help=(
            "A foreign key is marked as valid, and yet rows of its table have no parent row: they were loaded while "
            "triggers were off. The database works, but a restore of any dump ends without this key. Add the missing "
            "parents or correct the rows before the deploy, and make the backup again."
        ),
    ),
    FindingKind(
        id="backup.E002",
        title="Object could not be restored",
        help=(
            "The restore test could not bring back an object of the archive, for example an index whose rows are not "
            "unique, or a function whose extension the server of the test lacks. Correct it in the database, or name "
            "a server that has the extension with `--scratch-url`, and make the backup again."
        ),
    ),
    FindingKind(
        id="backup.E003",
        title="Archive is damaged",
        help=(
            "The archive has another checksum than the bytes that were written, or pg_restore cannot read it to its "
            "end. Remove it, check the disk, and make the backup again."
        ),
    ),
    FindingKind(
        id="backup.E004",
        title="Restored database differs",
        help=(
            "A table has another number of rows after the restore test than in the snapshot of the dump, or an "
            "object has another definition. Do not rely on this archive. Make the backup again and compare."
        ),
    ),
    FindingKind(
        id="backup.E005",
        title="Restore test was asked for and could not be done",
        help=(
            "`--restore-test` was given, and there was no place for the restore, or it took longer than "
            "`--max-restore-time`. The archive is there and was read to its end. Name an empty database with "
            "`--scratch-url` on a server that has the space."
        ),
    ),
    FindingKind(
        id="backup.W001",
        title="Archive was not restored",
        help=(
            "There was no place for a restore test: no space, no program, or an extension that the server of the test "
            "lacks. The archive was read to its end, which shows less. Name an empty database with `--scratch-url`."
        ),
    ),
)
