"""Kinds of findings of the area rollback: unapplying migrations."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="rollback.E001",
        title="Operation has no reverse",
        help=(
            "A migration to unapply has an operation without a reverse. Django finds out only when it gets "
            "there, after it has unapplied everything later. Give the operation a reverse (`RunPython.noop` or "
            "`RunSQL.noop` where nothing has to be undone), or roll back no further."
        ),
    ),
    FindingKind(
        id="rollback.E002",
        title="Rollback drops a column with values",
        help=(
            "The rollback would drop a column that holds values, and its app registered its schema. Keep them "
            "first with `pg_dump`, and read the file back. Then `migrate … --skip-precheck` drops the column."
        ),
    ),
    FindingKind(
        id="rollback.E003",
        title="Rollback drops a baseline's table with rows",
        help=(
            "The rollback would unapply a baseline and drop one of its tables, which holds rows. `migrate` "
            "drops such a table under no option, because it is older than the project. Roll back as far as the "
            "baseline and no further."
        ),
    ),
    FindingKind(
        id="rollback.E004",
        title="NULL in a column that becomes NOT NULL",
        help=(
            "The rollback makes a column NOT NULL again, but it is NULL in some rows. PostgreSQL refuses that "
            "(SQLSTATE 23502). Give these rows a value, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="rollback.E005",
        title="Required column comes back without a default",
        help=(
            "The rollback brings a NOT NULL column back, but no default fills the existing rows. PostgreSQL "
            "refuses that (SQLSTATE 23502). Give the field a default or `null=True` in the migration that "
            "created it, or roll back no further than the migration that removed it."
        ),
    ),
    FindingKind(
        id="rollback.E006",
        title="Values do not fit the older type",
        help=(
            "The rollback gives a column its older type again, but some values are too long or too large for "
            "it. PostgreSQL refuses that (SQLSTATE 22001, 22003). Shorten these values, or roll back no "
            "further."
        ),
    ),
    FindingKind(
        id="rollback.E007",
        title="Rollback cuts or rounds values",
        help=(
            "The rollback gives a column its older type again, which would cut or round values without an "
            "error. Its app registered its schema. Keep the values first with `pg_dump`. Then `migrate … "
            "--skip-precheck` rolls back."
        ),
    ),
    FindingKind(
        id="rollback.E008",
        title="Name is taken",
        help=(
            "The rollback needs a name for a table, but something else has it. Rename or drop that if nothing "
            "needs it, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="rollback.E009",
        title="Table or column is missing",
        help=(
            "The rollback has to change or drop a table or column that does not exist. Somebody dropped or "
            "renamed it by hand. Put it back, or check that this is the right database."
        ),
    ),
    FindingKind(
        id="rollback.E010",
        title="Dependent object blocks the rollback",
        help=(
            "A view or a key depends on a column that the rollback drops or changes, and PostgreSQL refuses "
            "that. Keep its definition, drop it, and create it again afterwards."
        ),
    ),
    FindingKind(
        id="rollback.I001",
        title="Duration of the rollback is not judged",
        help=(
            "The rollback of the migration reads or rewrites whole tables under a lock. How long that takes is "
            "not judged yet. Try it on a copy of the database, and time it."
        ),
    ),
    FindingKind(
        id="rollback.W001",
        title="Rollback drops a column with values (unregistered app)",
        help=("The rollback drops a column that holds values, as Django does. Keep them first with `pg_dump`."),
    ),
    FindingKind(
        id="rollback.W002",
        title="Rollback cuts or rounds values (unregistered app)",
        help=(
            "The rollback gives a column its older type again, which cuts or rounds values. Keep them first "
            "with `pg_dump`."
        ),
    ),
    FindingKind(
        id="rollback.W003",
        title="Fit of the older type is unknown",
        help=(
            "The rollback gives a column its older type again. Only PostgreSQL can say, value by value, what "
            "fits, and that was not checked. Try it on a copy of the database."
        ),
    ),
    FindingKind(
        id="rollback.W004",
        title="Fit of a returning constraint is unknown",
        help=(
            "The rollback brings a constraint back. The rows may have come in without it, and that was not "
            "checked. Try it on a copy of the database."
        ),
    ),
    FindingKind(
        id="rollback.W005",
        title="Rollback runs code that was not read",
        help=(
            "The migration runs code or SQL of its own when it is unapplied, and that was not checked. Read "
            "what it does to the rows."
        ),
    ),
    FindingKind(
        id="rollback.W006",
        title="Rollback drops a dependent object",
        help=(
            "A view or a key depends on a table or column that goes, and the rollback drops it too. Keep its "
            "definition first, and create it again afterwards."
        ),
    ),
    FindingKind(
        id="rollback.W007",
        title="Contents were not checked",
        help=(
            "The rollback drops or changes rows and values that were not checked, because `--no-data` was "
            "given. `precheck` without it checks them."
        ),
    ),
    FindingKind(
        id="rollback.W008",
        title="Table or column is missing, code may create it",
        help=(
            "The rollback has to change or drop a table or column that does not exist now. Code that runs "
            "before may create it; whether it does is unknown. Read what the code does when it is unapplied, or "
            "try the rollback on a copy of the database."
        ),
    ),
    FindingKind(
        id="rollback.W009",
        title="Name is taken, code may free it",
        help=(
            "The rollback needs a name for a table, but something else has it now. Code that runs before may "
            "free it; whether it does is unknown. Read what the code does when it is unapplied."
        ),
    ),
)
