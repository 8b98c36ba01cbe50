"""Kinds of findings of the area rollback: unapplying migrations."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="rollback.E001",
        title="Operation has no reverse",
        help=(
            "The rollback has to unapply a migration that contains an operation without a reverse. Django finds this"
            " out only when it reaches the operation, after it has unapplied all later migrations. Give the "
            "operation a reverse, or roll back only as far as this migration. If nothing has to be undone, the "
            "reverse is `RunPython.noop` or `RunSQL.noop`."
        ),
    ),
    FindingKind(
        id="rollback.E002",
        title="Rollback drops a column with values",
        help=(
            "The rollback would drop a column that holds values. `migrate` refuses to do so, because the app "
            "registered its schema (`migrations_safety.registry`). Keep the values first with `pg_dump`, and check "
            "that the file can be restored. Then `migrate … --skip-precheck` drops the column."
        ),
    ),
    FindingKind(
        id="rollback.E003",
        title="Rollback drops a baseline's table with rows",
        help=(
            "The rollback would unapply a baseline and drop one of its tables, which holds rows. (A baseline is an "
            "initial migration for tables that are older than the project.) No option makes `migrate` drop such a "
            "table. Roll back as far as the baseline and no further."
        ),
    ),
    FindingKind(
        id="rollback.E004",
        title="NULL in a column that becomes NOT NULL",
        help=(
            "The rollback makes a column NOT NULL again, but the column is NULL in some rows. PostgreSQL refuses "
            "such a change (SQLSTATE 23502). Give these rows a value, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="rollback.E005",
        title="Required column comes back without a default",
        help=(
            "The rollback adds a removed column again as NOT NULL, but no default fills the column in existing rows."
            " PostgreSQL refuses such a change (SQLSTATE 23502). Give the field a default or `null=True` in the "
            "migration that created it, or roll back no further than the migration that removed it."
        ),
    ),
    FindingKind(
        id="rollback.E006",
        title="Values do not fit the older type",
        help=(
            "The rollback changes a column back to its older type, but some values are too long or too large for "
            "that type. PostgreSQL refuses such a change (SQLSTATE 22001 or 22003). Shorten these values, or roll "
            "back no further than the migration that changed the type."
        ),
    ),
    FindingKind(
        id="rollback.E007",
        title="Rollback cuts or rounds values",
        help=(
            "The rollback changes a column back to its older type, which would cut or round values without an error."
            " `migrate` refuses to do so, because the app registered its schema (`migrations_safety.registry`). Keep"
            " the values first with `pg_dump`. Then `migrate … --skip-precheck` rolls back."
        ),
    ),
    FindingKind(
        id="rollback.E008",
        title="Name is taken",
        help=(
            "The rollback has to give a table its older name, or to create a table, but another object has that "
            "name. Rename or drop that object if nothing needs it, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="rollback.E009",
        title="Table or column is missing",
        help=(
            "The rollback has to change or drop a table or column that does not exist. Somebody dropped or renamed "
            "it by hand. Put the table or column back, or check that this is the right database."
        ),
    ),
    FindingKind(
        id="rollback.E010",
        title="Dependent object blocks the rollback",
        help=(
            "Something depends on a column or type that the rollback drops or changes, so PostgreSQL refuses the "
            "rollback. Save the definition of a dependent view or foreign key, drop that view or foreign key, and "
            "create it again after the rollback. If a column has an enum that the rollback drops as its type, change "
            "the column to another type first."
        ),
    ),
    FindingKind(
        id="rollback.I001",
        title="Duration of the rollback is unknown",
        help=(
            "The rollback of a migration reads or rewrites whole tables under a lock. `precheck` does not estimate "
            "yet how long that takes. Try the rollback on a copy of the database, and measure the time."
        ),
    ),
    FindingKind(
        id="rollback.W001",
        title="Rollback drops a column with values (unregistered app)",
        help="The rollback drops a column that holds values, as Django does. Keep the values first with `pg_dump`.",
    ),
    FindingKind(
        id="rollback.W002",
        title="Rollback cuts or rounds values (unregistered app)",
        help=(
            "The rollback changes a column back to its older type, which cuts or rounds values without an error. "
            "Keep the values first with `pg_dump`."
        ),
    ),
    FindingKind(
        id="rollback.W003",
        title="Whether values fit the older type is unknown",
        help=(
            "The rollback changes a column back to its older type. Only PostgreSQL can tell for each value whether "
            "it fits that type, and `precheck` did not try it. Try the rollback on a copy of the database."
        ),
    ),
    FindingKind(
        id="rollback.W004",
        title="Whether rows obey a returning constraint is unknown",
        help=(
            "The rollback adds a constraint that a migration removed. Rows that were written without the constraint "
            "may violate it, and `precheck` did not check them. Try the rollback on a copy of the database."
        ),
    ),
    FindingKind(
        id="rollback.W005",
        title="Rollback runs code that was not checked",
        help=(
            "A migration runs code or SQL of its own when it is unapplied, and `precheck` did not check that code. "
            "Read what the code does to the rows."
        ),
    ),
    FindingKind(
        id="rollback.W006",
        title="Rollback drops a dependent object",
        help=(
            "A view, a function or a foreign key depends on a table or column that the rollback drops, so the rollback "
            "drops it too. Keep its definition first, and create it again after the rollback."
        ),
    ),
    FindingKind(
        id="rollback.W007",
        title="Contents were not checked",
        help=(
            "The rollback drops or changes rows or values, but `precheck` did not check which exist, because "
            "`--no-data` was given. `precheck` without `--no-data` checks them."
        ),
    ),
    FindingKind(
        id="rollback.W008",
        title="Table or column is missing, code may create it",
        help=(
            "The rollback has to change or drop a table or column that does not exist now. Code that the rollback "
            "runs before that may create it, but whether the code does so is unknown. Read what the code does when "
            "it is unapplied, or try the rollback on a copy of the database."
        ),
    ),
    FindingKind(
        id="rollback.W009",
        title="Name is taken, code may free it",
        help=(
            "The rollback has to give a table its older name, or to create a table, but another object has that name"
            " now. Code that the rollback runs before that may free the name, but whether the code does so is "
            "unknown. Read what the code does when it is unapplied."
        ),
    ),
)
