"""Kinds of findings of the area application: the release that runs while `migrate` works, and its statements."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="application.W001",
        title="Plan drops what the running release uses",
        help=(
            "A migration drops a table or column that the models before the plan have. Django names every column of a "
            "model in its queries, so they fail in the running release as soon as the column is gone. Remove the field "
            "from the models in one release (`SeparateDatabaseAndState` with `state_operations`), and drop the column "
            "with the release after that."
        ),
    ),
    FindingKind(
        id="application.W002",
        title="Plan renames what the running release uses",
        help=(
            "A migration renames a table or column. The running release uses the old name and the new release uses the "
            "new name, so one of them fails, whenever the migration runs. Keep the name in the database with "
            "`db_column` or `db_table`. Or add a new column, copy the values, and drop the old column in a later "
            "release."
        ),
    ),
    FindingKind(
        id="application.W003",
        title="Plan changes a type that the running release uses",
        help=(
            "A migration gives a column a type that does not take all the values which the running release writes, or "
            "that gives other values back. Add a new column of the new type, copy the values, let the next release "
            "use it, and drop the old column after that."
        ),
    ),
    FindingKind(
        id="application.W004",
        title="Running release leaves out a value that becomes required",
        help=(
            "A column is NOT NULL after the migration and has no default in the database, and the running release "
            "writes no value into it. Django itself drops the `default` of a field from the database after it has "
            "added the column. Give the field a `db_default`, or keep it `null=True` until every running release "
            "writes the column."
        ),
    ),
    FindingKind(
        id="application.W005",
        title="Migration belongs before and after the rollout",
        help=(
            "One migration has an operation that the new release needs, and another one that takes away what the "
            "running release needs. So it fits neither before nor after the rollout. Put the operations into two "
            "migrations, and apply the second one after the rollout."
        ),
    ),
    FindingKind(
        id="application.W006",
        title="Running release may write NULL where it becomes forbidden",
        help=(
            "A migration makes a column NOT NULL that may be NULL in the models before the plan, and nothing gives it "
            "a value where the running release gives none. Let a release run first that always writes a value, for "
            "example with a `default`, and make the column NOT NULL in the next release."
        ),
    ),
    FindingKind(
        id="application.W007",
        title="Statements of the application fail after a migration",
        help=(
            "A statement that a program sends to this database can be parsed before the plan, and not any more after a "
            "migration. The statements are those of `pg_stat_statements`, or of the file of "
            "`--application-statements`. Change the programs first, or keep what the statement needs until they are "
            "changed."
        ),
    ),
    FindingKind(
        id="application.I001",
        title="Constraints that the running release does not know",
        help=(
            "A migration adds a constraint to an existing table, or makes a column NOT NULL that the running release "
            "fills. The running release was not written for it, and PostgreSQL refuses its rows where they violate "
            "the constraint."
        ),
    ),
    FindingKind(
        id="application.I002",
        title="Statements of the application were not examined",
        help=(
            "`precheck` could not read which statements the programs send to this database, so what breaks in them is "
            "judged by the models alone. Other programs than Django are not judged at all. Install the extension "
            "`pg_stat_statements`, or give the statements with `--application-statements`."
        ),
    ),
    FindingKind(
        id="application.I003",
        title="Statements of the application were examined",
        help=(
            "PostgreSQL parsed the statements on the scratch database before the plan and after each migration, and "
            "executed none of them. Names and types show in this. What depends on values does not, such as a missing "
            "value of a column that is NOT NULL."
        ),
    ),
)
