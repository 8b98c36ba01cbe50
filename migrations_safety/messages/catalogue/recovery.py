"""Kinds of findings of the area recovery: what helps after a deploy."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="recovery.E001",
        title="Rollback would lose rows or values",
        help=(
            "The rollback drops a table or a column that holds what nobody can make again, or gives a column a type "
            "that cuts or rounds its values. Placeholders that a "
            "recorded run has made and that nobody has changed do not count. Leave the migration applied, or drop the "
            "foreign keys alone. If the rows may be lost, type their number; that needs a backup that was restored."
        ),
    ),
    FindingKind(
        id="recovery.E002",
        title="File of an applied migration is gone",
        help=(
            "A migration of the app is recorded as applied, but its file is gone, and no run has recorded its source. "
            "Django passes over such a migration, so what it made would stay. Check out the release that has the file."
        ),
    ),
    FindingKind(
        id="recovery.E003",
        title="Another number of rows would be lost",
        help=(
            "The option that lets a rollback lose rows takes their number, and another number would be lost. Rows "
            "have arrived since somebody counted, or the number is that of something else. Nothing was changed."
        ),
    ),
    FindingKind(
        id="recovery.E004",
        title="Earlier type does not take the values",
        help=(
            "A column goes back to its earlier type, and PostgreSQL cannot cast some of its values to it. The rollback "
            "would stop there, with all later migrations unapplied. Correct these values first."
        ),
    ),
    FindingKind(
        id="recovery.E005",
        title="Something else would fall with a table",
        help=(
            "Django drops with CASCADE. A view, a function, or a foreign key of another table depends on what the "
            "rollback drops, and no migration of the rollback drops that itself. The rollback stops before this drop."
        ),
    ),
    FindingKind(
        id="recovery.E006",
        title="Nullified references were not restored",
        help=(
            "References that `--nullify` has set to NULL could not be restored, for example because another key or a "
            "trigger forbids it. The rollback stops before the tables. A person may type how many of them stay NULL."
        ),
    ),
    FindingKind(
        id="recovery.E007",
        title="Code runs outside of a transaction",
        help=(
            "A migration that is not atomic runs code or SQL of its own when it is unapplied. Nobody can count before "
            "what that loses, and afterwards it is committed. A person reads the code, and names the migration."
        ),
    ),
    FindingKind(
        id="recovery.E008",
        title="Code would lose rows",
        help=(
            "Code or SQL of a migration has deleted, changed or dropped rows of a table that stays, when the migration "
            "was unapplied. PostgreSQL counts them, so the transaction was undone. A person reads the code, and "
            "names the migration."
        ),
    ),
    FindingKind(
        id="recovery.W001",
        title="Rollback reaches another app",
        help=(
            "Migrations of another app depend on those that are unapplied, so they are unapplied first. The report "
            "names them in their order."
        ),
    ),
    FindingKind(
        id="recovery.W002",
        title="File of a migration was changed since it was applied",
        help=(
            "The file of a migration differs from what was applied, as the record of runs has it. The rollback uses "
            "the file. Compare the two, or check out the release that was deployed."
        ),
    ),
    FindingKind(
        id="recovery.W003",
        title="Rollback loses rows or values as agreed",
        help=(
            "A person has typed how many rows may be lost, and the database has a backup of level `restored` that is "
            "younger than an hour. What was written since that backup is in no backup."
        ),
    ),
    FindingKind(
        id="recovery.W004",
        title="Code may drop out of sight",
        help=(
            "A migration that is not atomic runs Python code, and `--keep-dropped` keeps what the plan drops. Each "
            "statement of the code that drops is seen, but not a drop inside of a function that it calls. In an atomic "
            "migration that is noticed before the COMMIT."
        ),
    ),
    FindingKind(
        id="recovery.I001",
        title="References stay nullified",
        help=(
            "References that `--nullify` has set to NULL were not restored. Their earlier values are kept in "
            "`migrations_safety_before_image`."
        ),
    ),
    FindingKind(
        id="recovery.I002",
        title="Source from the record of runs is used",
        help=(
            "The file of a migration is gone. The rollback uses its source as the record of runs has kept it when the "
            "migration was applied."
        ),
    ),
    FindingKind(
        id="recovery.E050",
        title="What is to be kept has dependents",
        help=(
            "Something in the database depends on a table or column that `migrate --keep-dropped` is to keep: a "
            "view, a function, a policy, a trigger, a publication, a partition. Django's `DROP … CASCADE` would "
            "drop the first of these without a word, and if they stayed, they would go on to show values that "
            "nobody writes any more. Drop or change them in a migration of their own before."
        ),
    ),
    FindingKind(
        id="recovery.E051",
        title="Statement that cannot keep what it drops",
        help=(
            "A statement of the plan drops a table or column and does more than that, such as two columns in one "
            "ALTER TABLE, or DROP SCHEMA. `migrate --keep-dropped` replaces plain drops alone. Write each drop as "
            "an operation or as a statement of its own."
        ),
    ),
    FindingKind(
        id="recovery.E052",
        title="Code has dropped something out of sight",
        help=(
            "Code of a migration has dropped a table or column in a way that no statement showed, for example in "
            "a function. `migrate --keep-dropped` notices it before the transaction commits, and rolls the "
            "migration back. Write the drop as an operation of its own."
        ),
    ),
    FindingKind(
        id="recovery.E053",
        title="The old place is taken",
        help=(
            "Something of the same name stands where a kept table, column or type was, and cannot make place: a "
            "table that holds rows or has other columns, a view, or a column of another type. Or its schema is gone. "
            "What is kept stays kept. Move what took the place, or make what is missing, then run `restore_dropped` "
            "again."
        ),
    ),
    FindingKind(
        id="recovery.E054",
        title="What was kept is gone",
        help=(
            "The record says that a table or column is kept, but it is not there any more. Somebody has dropped "
            "or renamed it by hand. Look for it under another name, or in a backup."
        ),
    ),
    FindingKind(
        id="recovery.E055",
        title="Constraint or index could not be put back",
        help=(
            "A table or column is back with all its rows, but rows that were written meanwhile, or an object that "
            "is missing, forbid a constraint, key or index that it had. Correct these rows, then run the "
            "statement of the migration that made it."
        ),
    ),
    FindingKind(
        id="recovery.E056",
        title="Restored column stays nullable",
        help=(
            "A restored column was NOT NULL, but rows that were written meanwhile have no value in it. Give these "
            "rows a value, then make it NOT NULL."
        ),
    ),
    FindingKind(
        id="recovery.E057",
        title="Older and newer values cannot be told apart",
        help=(
            "A column was made again with a default, and the table was rewritten afterwards. So nobody knows which "
            "rows have the default and which were written. The older values are back, and the newer ones are kept. "
            "Compare them, and correct the rows that somebody has written."
        ),
    ),
    FindingKind(
        id="recovery.E058",
        title="No right to keep anything",
        help=(
            "`--keep-dropped` keeps tables and its record in the schema `migrations_safety_kept`. The role of the "
            "deploy may not make it, or it belongs to another role. Let the owner of the database grant CREATE on it, "
            "or let the owner of the schema make the role a member; the hint has the statement."
        ),
    ),
    FindingKind(
        id="recovery.E060",
        title="Kept for too short a time",
        help=(
            "A table or column was kept for a shorter time than `purge_dropped` asks for, 30 days by default. "
            "Wait, or name another time with `--older-than`."
        ),
    ),
    FindingKind(
        id="recovery.E061",
        title="Number of rows to lose was not typed",
        help=(
            "`purge_dropped` drops rows and values for good, so a person types how many they are: `--discard-rows "
            "NUMBER`. `purge_dropped --list` counts them."
        ),
    ),
    FindingKind(
        id="recovery.E062",
        title="No backup holds what would be purged",
        help=(
            "`purge_dropped` asks for a backup of this database that was taken after all of it was kept, holds "
            "the rows of each kept table, was restored once, and has not changed since. Make one with "
            "`backup_database`, and name it with `--backup`."
        ),
    ),
    FindingKind(
        id="recovery.E063",
        title="What would be purged is in use",
        help=(
            "Something depends on a kept table or column, such as a view that somebody has made to read it. Drop "
            "or change it first."
        ),
    ),
    FindingKind(
        id="recovery.I050",
        title="Dropped table or column is kept",
        help=(
            "A table that the plan drops moves into the schema `migrations_safety_kept`, a column stays in its "
            "table under another name. All rows and values stay, and no row is written."
        ),
    ),
)
