"""Kinds of findings of the area plan: what migrations do besides adding foreign keys."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="plan.E001",
        title="Plan alters what does not exist",
        help=(
            "A pending migration alters, renames or drops a table or column that does not exist, so the migration "
            "would fail. Find out who dropped or moved the table or column, and put it back. Or remove the operation"
            " from the migration."
        ),
    ),
    FindingKind(
        id="plan.E002",
        title="Migration fails on this schema",
        help=(
            "A statement of the migration failed on the scratch database, which has the schema of this one, so it "
            "would fail here, too. The message has the SQLSTATE and what it means. Correct the operation, or the "
            "schema."
        ),
    ),
    FindingKind(
        id="plan.E003",
        title="NOT VALID and VALIDATE in one transaction",
        help=(
            "The migration adds a constraint NOT VALID and validates it in the same transaction. So the strong lock of "
            "the first statement is held while the second one reads the whole table, which is what NOT VALID is there "
            "to prevent. Validate in a migration of its own."
        ),
    ),
    FindingKind(
        id="plan.E004",
        title="Statement that cannot run in a transaction",
        help=(
            "The migration is atomic, and one of its statements refuses to run in a transaction, for example `CREATE "
            "INDEX CONCURRENTLY`. Write `atomic = False` into the migration class."
        ),
    ),
    FindingKind(
        id="plan.E005",
        title="Concurrent index on a partitioned table",
        help=(
            "PostgreSQL does not build an index CONCURRENTLY on a partitioned table. Create it on the parent with `ON "
            "ONLY`, build it concurrently on each partition, and attach these indexes."
        ),
    ),
    FindingKind(
        id="plan.E006",
        title="Enum label used where it is added",
        help=(
            "PostgreSQL does not allow a new label of an enum to be used in the transaction that adds it. Split the "
            "migration: the first adds the label, the second uses it."
        ),
    ),
    FindingKind(
        id="plan.W001",
        title="Plan runs code that was not checked",
        help=(
            "The plan runs RunPython, RunSQL or operation classes that are not Django's, and `precheck` cannot check"
            " what they do. Such code may change any row, lock any table and act outside the database. Read the "
            "code, and try it on a copy of the database."
        ),
    ),
    # W002 and W003 of this area became E009 and E010 of the area data; an id never gets another meaning.
    FindingKind(
        id="plan.W004",
        title="Name is taken, code may free it",
        help=(
            "A migration gives a table or index a name that another object has now. Code that the plan runs before "
            "that may free the name, but whether the code does so is unknown. Read the code."
        ),
    ),
    FindingKind(
        id="plan.W005",
        title="Altered table or column is missing, code may create it",
        help=(
            "A migration alters a table or column that does not exist now. Code that the plan runs before that may "
            "create it, but whether the code does so is unknown. Read the code."
        ),
    ),
    FindingKind(
        id="plan.W006",
        title="Contents of a dropped table or column were not checked",
        help=(
            "A migration drops a table or column, but `precheck` did not check whether the table or column holds "
            "anything. Run `precheck` without `--no-data`, as a role that may read the table."
        ),
    ),
    FindingKind(
        id="plan.W007",
        title="Code may drop a table or column",
        help=(
            "A migration removes a table or column from the models, and changes the database with its own code. The "
            "text of that code contains a word for dropping, or cannot be read, so the contents may be lost. Read "
            "the code, and keep the rows first with `pg_dump`."
        ),
    ),
    FindingKind(
        id="plan.W009",
        title="Plan was measured on another version",
        help=(
            "The scratch database is on a server of another major version of PostgreSQL than this database, because no "
            "server of the same version was at hand. Locks and scans may differ. Name one with `--scratch-url`."
        ),
    ),
    FindingKind(
        id="plan.W010",
        title="Object is dropped and made again as it was",
        help=(
            "A migration drops an index or constraint of an existing table and makes it again with the same "
            "definition. Meanwhile the table is locked, and the new one is built from all its rows. PostgreSQL keeps an"
            " index or constraint when a column is renamed or becomes nullable, so nothing is lost without these "
            "statements. The hint says how to leave them out."
        ),
    ),
    FindingKind(
        id="plan.W011",
        title="Acceptance has expired",
        help=(
            "A migration accepts a finding until a date that is over, so the finding counts again. Do what the finding "
            "asks for, or give the acceptance a later date and the reason for it."
        ),
    ),
    FindingKind(
        id="plan.W012",
        title="Acceptance covers fewer rows than there are",
        help=(
            "A migration accepts a finding up to a number of rows, and there are more now, or their number is unknown. "
            "So the finding counts again. Look at the rows, then raise `max_rows` or do what the finding asks for."
        ),
    ),
    FindingKind(
        id="plan.W013",
        title="Acceptance matches no finding",
        help=(
            "A migration accepts a finding that does not exist. Perhaps the migration was changed, or the id or the "
            "subject is misspelt. Remove the acceptance, or correct it."
        ),
    ),
    FindingKind(
        id="plan.W008",
        title="Plan was not measured",
        help=(
            "The plan, or a part of it, could not be run on a scratch database. So which locks it takes, what it scans "
            "and whether it fails is unknown. The message says why."
        ),
    ),
    FindingKind(
        id="plan.W014",
        title="Operation has no reverse",
        help=(
            "A pending migration has an operation that cannot be unapplied, so after the deploy `migrate` cannot go "
            "back beyond it. Give the operation a reverse. Where there is nothing to undo, that is "
            "`migrations.RunPython.noop` or `migrations.RunSQL.noop`."
        ),
    ),
    FindingKind(
        id="plan.W015",
        title="Rollback would fail",
        help=(
            "The plan was applied and then unapplied on the scratch database, and a statement of the rollback failed "
            "there. So `migrate` could not go back after the deploy. Give the operation a reverse that works."
        ),
    ),
    FindingKind(
        id="plan.W016",
        title="Rollback would work on an empty table only",
        help=(
            "A migration removes a column that is NOT NULL and has no value to come back with. Its reverse fails as "
            "soon as the table holds a row. In a migration before, make the column nullable or give it a `db_default`."
        ),
    ),
    FindingKind(
        id="plan.I001",
        title="Operations that are not judged",
        help=(
            "The plan has operations on existing tables, but `precheck` does not judge yet which locks, rewrites and"
            " losses these operations cause. `migrate --plan` lists the operations, and `sqlmigrate` prints their "
            "statements."
        ),
    ),
    FindingKind(
        id="plan.I010",
        title="Acceptance was not needed on this database",
        help=(
            "A migration accepts a finding about rows, traffic or drift, and this database has none of that. On another"
            " database the finding may exist. There is nothing that you have to do."
        ),
    ),
    FindingKind(
        id="plan.I002",
        title="Validated CHECK proves NOT NULL",
        help=(
            "A column becomes NOT NULL, and PostgreSQL does not read the table for it, because a validated CHECK "
            "constraint proves that no value is missing."
        ),
    ),
)
