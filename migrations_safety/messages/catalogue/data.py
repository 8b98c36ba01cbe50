"""Kinds of findings of the area data: what the rows that are there say to a plan."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="data.E001",
        title="Rows without a value for a column that becomes NOT NULL",
        help=(
            "A migration makes a column NOT NULL, and rows have no value there, so the migration would fail. Give "
            "these rows a value first, in batches and in an earlier migration. Or give the column a default for the "
            "rows that are there."
        ),
    ),
    FindingKind(
        id="data.E002",
        title="Duplicates under a unique constraint",
        help=(
            "A migration makes columns or expressions unique, and rows have the same values there, so the migration "
            "would fail. Merge or correct these rows first."
        ),
    ),
    FindingKind(
        id="data.E003",
        title="Rows that violate a CHECK constraint",
        help=(
            "A migration adds or validates a CHECK constraint that rows violate, so the migration would fail. Correct "
            "these rows first. `AddConstraintNotValid` keeps new rows right in the meantime."
        ),
    ),
    FindingKind(
        id="data.E004",
        title="Rows that an exclusion constraint forbids side by side",
        help=(
            "A migration adds an exclusion constraint, and rows exclude each other, so the migration would fail. "
            "Correct these rows first."
        ),
    ),
    FindingKind(
        id="data.E005",
        title="Rows that refer to no parent",
        help=(
            "A migration adds or validates a foreign key, and rows refer to parent rows that do not exist (orphans), "
            "so the migration would fail. Create the missing rows, or correct the rows that refer to them."
        ),
    ),
    FindingKind(
        id="data.E006",
        title="Values longer than a shorter type",
        help=(
            "A migration makes a column shorter than values in it are, so the migration would fail. Shorten these "
            "values first, or choose a longer type."
        ),
    ),
    FindingKind(
        id="data.E007",
        title="Values that a new type refuses",
        help=(
            "A migration changes the type of a column, and the new type refuses values in it, so the migration would "
            "fail. Correct these values first. Or add a second column, fill it, and drop the first one in a later "
            "release."
        ),
    ),
    FindingKind(
        id="data.E008",
        title="Enum label is removed, but rows hold it",
        help=(
            "A migration gives a column an enum that lacks labels which rows hold, so the migration would fail. Give "
            "these rows another label first."
        ),
    ),
    FindingKind(
        id="data.E009",
        title="Migration drops a table with rows",
        help="A migration drops a table that holds rows, so these rows are lost. Keep the rows first with `pg_dump`.",
    ),
    FindingKind(
        id="data.E010",
        title="Migration drops a column with values",
        help=(
            "A migration drops a column that holds values, so these values are lost. Keep the values first with "
            "`pg_dump`."
        ),
    ),
    FindingKind(
        id="data.E011",
        title="New type cuts or rounds values",
        help=(
            "A migration changes the type of a column, and the new type keeps only a part of values in it: the end of "
            "a text or digits of a number are lost. Keep the values first with `pg_dump`, or choose a type that holds "
            "them."
        ),
    ),
    FindingKind(
        id="data.E012",
        title="NOT NULL column without a default for a table with rows",
        help=(
            "A migration adds a column that is NOT NULL and has no default, and the table has rows, so the migration "
            "would fail. Give the column a `db_default`. Or add it with `null=True`, fill it, and make it NOT NULL in "
            "a later migration."
        ),
    ),
    FindingKind(
        id="data.W001",
        title="Rows forbid the migration, the plan may correct them",
        help=(
            "Rows that are there now would make a migration fail, or would be lost, but the plan runs code or writes "
            "these rows before. Whether this corrects or keeps them is unknown, so this finding does not block. "
            "Migrate as far as that code, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="data.W002",
        title="Rows were not judged",
        help=(
            "A migration demands something of rows that are there, and `precheck` could not judge whether they fulfil "
            "it. The message has the reason. Try the migration on a copy of the database."
        ),
    ),
    FindingKind(
        id="data.W003",
        title="Rows are fine now, the plan writes them first",
        help=(
            "No row that is there forbids the migration, but SQL of the plan writes these rows before. Whether they "
            "are still fine then is unknown. Read the SQL."
        ),
    ),
)
