"""Kinds of findings of the area recovery that diagnose reports: what a deploy that stopped has left."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="recovery.E020",
        title="Migration is applied in part",
        help=(
            "A migration that is not atomic was stopped: its first operations are in the database, the others are not, "
            "and it is not recorded. The report lists each operation. `migrate` begins at its first operation, which "
            "fails where that cannot be repeated."
        ),
    ),
    FindingKind(
        id="recovery.E021",
        title="Migration is applied and not recorded",
        help=(
            "All that the catalog can show of a migration is in the database, but `django_migrations` has no row of it."
            " It was stopped before its record, or applied by hand. What code of it did to rows cannot be seen."
        ),
    ),
    FindingKind(
        id="recovery.E022",
        title="Recorded migration is undone in part",
        help=(
            "A migration is recorded as applied, but some of its operations are undone: a rollback of it was stopped, "
            "or somebody has changed the schema by hand."
        ),
    ),
    FindingKind(
        id="recovery.E023",
        title="Object of recorded migrations is missing",
        help=(
            "The recorded migrations make a table, a column, an index or a constraint that does not exist. Tables that "
            "are older than their migrations, or that code of migrations may have changed, are not looked at."
        ),
    ),
    FindingKind(
        id="recovery.W022",
        title="More migrations are pending",
        help=(
            "More migrations are pending than are told one by one. `python manage.py showmigrations --plan` lists them."
        ),
    ),
    FindingKind(
        id="recovery.W023",
        title="Migration is pending",
        help=(
            "A migration of the code is not recorded as applied, and nothing of it is in the database. After a "
            "deploy that failed this is what is left to do; `migrate` applies it."
        ),
    ),
    FindingKind(
        id="recovery.E024",
        title="History of migrations cannot be followed",
        help=(
            "Django would refuse to begin: a migration depends on one that has no file, is recorded before one "
            "that it depends on, or two migrations of an app have no order. Mostly the code is of another release "
            "than the database."
        ),
    ),
    FindingKind(
        id="recovery.W024",
        title="Recorded migration has no file",
        help=(
            "A migration is recorded as applied, but the code has no such migration. The database is ahead of "
            "this code. Install the release that was deployed before anything is applied or rolled back."
        ),
    ),
    FindingKind(
        id="recovery.W025",
        title="Run has no end",
        help=(
            "A run of a command began and recorded no end, it is not at work any more, and the database shows that its "
            "work is not done. It was killed, or lost its connection. The same command goes on where it stopped, "
            "with the options that it had (`audit_runs` shows them)."
        ),
    ),
    FindingKind(
        id="recovery.I025",
        title="Only the end of a run is missing",
        help=(
            "The last run of all has no end in the record, or an error, but the database shows that its work is done: "
            "its migrations are recorded, or are recorded no more, or nothing is kept any more."
        ),
    ),
    FindingKind(
        id="recovery.W026",
        title="Last run failed",
        help=(
            "The last run of a command ended with an error. The record holds the class of the error and the "
            "migration, no text. The same command can run again once the cause is gone."
        ),
    ),
    FindingKind(
        id="recovery.W027",
        title="Constraint is NOT VALID",
        help=(
            "New rows are checked, older rows were never checked. A deploy that stopped between adding and "
            "validating leaves this. A pending migration validates it, or the statement of the hint does, while "
            "the application writes."
        ),
    ),
    FindingKind(
        id="recovery.E028",
        title="Rows without a parent under a NOT VALID key",
        help=(
            "Rows were found whose parent row does not exist, so the foreign key cannot be validated. They were "
            "counted as far as to a thousand."
        ),
    ),
    FindingKind(
        id="recovery.W028",
        title="Rows without a parent were not counted",
        help=("A quick look could not count the rows without a parent under a NOT VALID key. They may exist."),
    ),
    FindingKind(
        id="recovery.W029",
        title="Index is invalid",
        help=(
            "A `CREATE INDEX CONCURRENTLY` or `REINDEX CONCURRENTLY` was interrupted. No query uses the index, "
            "but every write updates it. `migrate` drops and builds an index anew where a pending migration makes "
            "it."
        ),
    ),
    FindingKind(
        id="recovery.E030",
        title="Triggers of foreign keys are disabled",
        help=(
            "The triggers with which PostgreSQL holds foreign keys are disabled on a table, as `pg_restore "
            "--disable-triggers` leaves them if it is interrupted. New rows are not checked. After enabling them "
            "count the rows without a parent with `verify_schema --all-keys`."
        ),
    ),
    FindingKind(
        id="recovery.W030",
        title="Partition is half detached",
        help=("A `DETACH PARTITION CONCURRENTLY` was interrupted. The statement of the hint finishes it."),
    ),
    FindingKind(
        id="recovery.I031",
        title="References were set to NULL",
        help=(
            "`backfill_placeholders --nullify` has set references to NULL, and their old values are kept. They "
            "can be put back once the foreign key is gone."
        ),
    ),
    FindingKind(
        id="recovery.W032",
        title="Database of a killed run is left",
        help=(
            "A scratch database (without rows) or a copy (with rows of patients) was left by a killed run. The "
            "next run of the same kind drops it; the hint says how to do so now. One on another server is known by a "
            "note of the rehearsal on this machine."
        ),
    ),
    FindingKind(
        id="recovery.I032",
        title="Database of a run is in use",
        help=("A run is using a scratch database or a copy now. It drops it at its end."),
    ),
    FindingKind(
        id="recovery.I034",
        title="Copy was kept on request",
        help=(
            "A copy with rows of patients was kept because somebody asked for it. Nothing drops it but a person who no "
            "longer needs it."
        ),
    ),
    FindingKind(
        id="recovery.W034",
        title="Deploy is at work",
        help=(
            "A session holds the deploy lock: a `migrate`, a backfill or a rollback is at work. The server ends "
            "the session of a killed one within a few seconds where it can notice it."
        ),
    ),
    FindingKind(
        id="recovery.W035",
        title="Sessions wait for a lock",
        help=("Sessions wait behind one that holds a lock. The subject is the one at the head of the queue."),
    ),
    FindingKind(
        id="recovery.W036",
        title="Session keeps its locks",
        help=(
            "A session holds a lock that stops the writers of a table for more than five seconds, or does nothing "
            "inside of a transaction for more than a minute. Whether it may be ended is a decision."
        ),
    ),
    FindingKind(
        id="recovery.W037",
        title="Prepared transaction",
        help=(
            "A transaction is prepared (two-phase commit) and keeps its locks until somebody commits it or rolls "
            "it back, over restarts of the server too."
        ),
    ),
    FindingKind(
        id="recovery.W038",
        title="Replication slot holds WAL",
        help=(
            "The server keeps more than 256 MB of WAL for a slot, more than `max_wal_size`, or no longer what the "
            "slot needs. A slot that nothing reads fills the disk."
        ),
    ),
    FindingKind(
        id="recovery.W039",
        title="Standby lags",
        help=(
            "A standby is more than 30 seconds or 256 MB of WAL behind. What was looked at on such a standby is "
            "the state of then."
        ),
    ),
    FindingKind(
        id="recovery.E040",
        title="Commits wait for a standby",
        help=(
            "Each COMMIT waits for the answer of a standby, and no such standby is connected. A deploy hangs at "
            "its first COMMIT."
        ),
    ),
    FindingKind(
        id="recovery.W041",
        title="Area was not looked at",
        help=(
            "A part could not be looked at, so nothing is said of it: a right is missing, a table is locked, or "
            "it took longer than a second."
        ),
    ),
    FindingKind(
        id="recovery.I042",
        title="Kept instead of dropped",
        help=(
            "`migrate --keep-dropped` has kept a table, a column or a type that a migration drops, with all its values."
        ),
    ),
    FindingKind(
        id="recovery.I043",
        title="No backup is known",
        help=(
            "Neither the record of runs nor a place that `--backups` or the setting `MIGRATIONS_SAFETY_BACKUPS` names "
            "has a backup of this database."
        ),
    ),
    FindingKind(
        id="recovery.W044",
        title="Trigger of a stopped restore is left",
        help=(
            "`restore_dropped` was stopped while it carried what was written into a column over to the kept one. Its "
            "trigger still works at each write. The same command goes on and drops it."
        ),
    ),
    FindingKind(
        id="recovery.W045",
        title="Trigger of a stopped rollback is left",
        help=(
            "A rollback was stopped while it counted a large table. Its trigger still works at each write. The same "
            "command goes on and drops it."
        ),
    ),
)
