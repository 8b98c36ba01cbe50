"""Kinds of findings of the area tables: what exists already."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="tables.E001",
        title="Table or column is missing",
        help=(
            "A table or column at one end of a counted key does not exist. Check that this is the right "
            "database and schema (`--expect-database`, `--expect-schema`)."
        ),
    ),
    FindingKind(
        id="tables.E002",
        title="Baseline exists only in part",
        help=(
            "Only a part of what a baseline adopts exists. Adopting it would record tables that do not exist, "
            "and creating it would fail on those that do. Check that this is the right database, restore what "
            "is missing, or start from an empty database."
        ),
    ),
    FindingKind(
        id="tables.E003",
        title="Same name, another definition",
        help=(
            "A key or an enum of the declared name exists with another definition. It is not taken for the "
            "declared one, and it is never changed. Compare the two definitions, then run the statement of the "
            "hint."
        ),
    ),
    FindingKind(
        id="tables.E004",
        title="Table exists, its migration is not recorded",
        help=(
            "A table that a pending migration creates exists already, but the migration is not recorded as "
            "applied. If that migration's own SQL made the table, record it with `--fake` and verify it. If "
            "something else made it, rename it."
        ),
    ),
    FindingKind(
        id="tables.E005",
        title="Enum exists with other labels",
        help=(
            "An enum that a pending migration creates exists already with other labels. Rename the existing "
            "one, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="tables.E006",
        title="Parent column is not unique",
        help=(
            "A key is to reference a column that no unique index or primary key covers alone. PostgreSQL "
            "refuses such a key. Create the unique index of the hint."
        ),
    ),
    FindingKind(
        id="tables.E007",
        title="Rollback drops a table with rows",
        help=(
            "The rollback would drop a table that holds rows, and its app registered its schema. Keep the rows "
            "first with `pg_dump`, and read the file back. Then `migrate … --skip-precheck` drops the table."
        ),
    ),
    FindingKind(
        id="tables.E008",
        title="Name is taken",
        help=(
            "Something has the name that a pending migration gives to a table or an index. PostgreSQL allows "
            "each name once in a schema. Rename or drop it if nothing needs it, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="tables.E009",
        title="Table exists only in another schema",
        help=(
            "A migration needs a table that the current schema lacks, and the `search_path` finds one of that "
            "name in another schema. That table may belong to another project; it was not touched. Restore the "
            "table in its schema, or name the other schema in the model's `db_table`."
        ),
    ),
    FindingKind(
        id="tables.W001",
        title="Column already has a key to that parent",
        help=(
            "The column already has a key to the same parent under another name. The older key's rule acts "
            "first, so the declared rule may never act. Compare the two rules; the hint drops the older key."
        ),
    ),
    FindingKind(
        id="tables.W002",
        title="None of the baseline's tables exists",
        help=(
            "The database is in use, but it has none of the tables that the baseline adopts. `migrate` would "
            "create them all, as in an empty database. Check that this is the right database and schema."
        ),
    ),
    FindingKind(
        id="tables.W003",
        title="Rollback drops a table with rows (unregistered app)",
        help=("The rollback drops a table that holds rows, as Django does. Keep the rows first with `pg_dump`."),
    ),
    FindingKind(
        id="tables.W010",
        title="Invalid index",
        help=(
            "An index is invalid: a build that failed or was killed has left it. No query uses it, and every "
            "write maintains it. Drop it, or rebuild it with REINDEX if it is wanted."
        ),
    ),
)
