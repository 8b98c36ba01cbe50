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
            "unique, or one whose function does not name the schemas of what it uses. Correct it in the database, and "
            "make the backup again. What the server of the test cannot have is no such object: it is named as not "
            "restored."
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
            "`--restore-test`, `--scratch-url` or `migrate --backup` was given, and there was no place for the "
            "restore, or it took longer than `--max-restore-time`. The archive is there and was read to its end. Name "
            "an empty database with `--scratch-url` on a server that has the space."
        ),
    ),
    FindingKind(
        id="backup.E006",
        title="Restore test broke off",
        help=(
            "The restore test had begun and could not be finished: its server ended or refused, or its session was "
            "lost. That says nothing about the archive, which is there with its manifest at the level that was shown. "
            "Make the backup again."
        ),
    ),
    FindingKind(
        id="backup.E007",
        title="Manifest is behind the trial",
        help=(
            "The archive was tried, and then its manifest could not be written again, for example because the disk was "
            "full. The manifest from before the trial is there and says `written`, so nothing relies on more. Make "
            "room, and make the backup again."
        ),
    ),
    FindingKind(
        id="backup.W001",
        title="Archive was not restored",
        help=(
            "There was no place for a restore test: no space, no program, or a server that lacks an extension that "
            "tables need. The archive was read to its end, which shows less. Name an empty database with "
            "`--scratch-url`."
        ),
    ),
    FindingKind(
        id="backup.W002",
        title="Scratch database was not removed",
        help=(
            "The restore test could not remove its scratch database, because its server could not be reached any "
            "more. It holds patient data. The next backup of the same database removes it, and `diagnose` lists it. "
            "The database of `--scratch-url` is emptied by the next run that is given it."
        ),
    ),
    FindingKind(
        id="backup.E020",
        title="No backup of this database is known",
        help=(
            "`migrate --require-backup` was asked, and neither the named places nor the record of runs know a backup "
            "of this database. A backup is of this database if it has its name and its server's system identifier. "
            "Make one with `backup_database`, or name the place with `--backups`."
        ),
    ),
    FindingKind(
        id="backup.E021",
        title="Backup is too old",
        help=(
            "The newest backup of this database is older than `--require-backup` allows. The age counts from the "
            "snapshot of an archive, or from the end of another tool's backup, by the clock of the server. Make a new "
            "backup before the deploy."
        ),
    ),
    FindingKind(
        id="backup.E022",
        title="Backup was not tried enough",
        help=(
            "The newest backup of this database was tried less than `--require-backup` asks for. The "
            "levels are `written`, `read`, `restored` (the default) and `compared`. Make a backup with "
            "`--restore-test`, or sign the last restore drill of another tool."
        ),
    ),
    FindingKind(
        id="backup.E023",
        title="Backup cannot be relied upon",
        help=(
            "The archive has another size or checksum than its manifest, the manifest cannot be read or says "
            "otherwise than the record of runs, a signature does not fit, or a time lies in the future. Do not rely on "
            "this backup. Find out who changed it, and make a new one."
        ),
    ),
    FindingKind(
        id="backup.W020",
        title="Place of backups could not be looked at",
        help=(
            "A place that `--backups` or the setting `MIGRATIONS_SAFETY_BACKUPS` names could not be read: a folder is "
            "missing, or a tool is not installed or failed. Correct the place, or run the command where it can be read."
        ),
    ),
    FindingKind(
        id="backup.I020",
        title="Last backup of this database",
        help=(
            "The age of the newest backup that is known and how far it was tried, from its manifest or from what its "
            "tool says. The archive itself was not read; `migrate --require-backup` does that before it relies on it."
        ),
    ),
    FindingKind(
        id="backup.I021",
        title="No backup in the named places",
        help=(
            "The places that were named hold no backup of this database, and neither does the record of runs. Make one "
            "with `backup_database` before you migrate."
        ),
    ),
)
