"""Kinds of findings of the area tables: tables, constraints, indexes and names that exist already or are missing."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="tables.E001",
        title="Table or column is missing",
        help=(
            "A foreign key has to be counted, but its table, its parent table or one of the two columns does not "
            "exist. Check that this is the right database and schema (`--expect-database`, `--expect-schema`)."
        ),
    ),
    FindingKind(
        id="tables.E002",
        title="Baseline exists only in part",
        help=(
            "Only a part of the tables and columns of a baseline exists. (A baseline is an initial migration for "
            "tables that are older than the project.) If `migrate` recorded the baseline as applied, it would record"
            " tables that do not exist. If `migrate` ran the baseline, it would fail on the tables that exist. Check"
            " that this is the right database, restore what is missing, or start from an empty database."
        ),
    ),
    FindingKind(
        id="tables.E003",
        title="Same name, another definition",
        help=(
            "A foreign key or an enum has the declared name, but another definition. `migrate` neither accepts it as"
            " the declared one nor changes it. Compare the two definitions, then run the statement of the hint."
        ),
    ),
    FindingKind(
        id="tables.E004",
        title="Table exists, its migration is not recorded",
        help=(
            "A table that a pending migration creates exists already, but the migration is not recorded as applied. "
            "If that migration's own SQL created the table, record the migration with `--fake` and verify the table."
            " If something else created the table, rename it."
        ),
    ),
    FindingKind(
        id="tables.E005",
        title="Enum exists with other labels",
        help=(
            "An enum that a pending migration creates exists already with other labels. Rename the existing enum, "
            "then run `precheck` again."
        ),
    ),
    FindingKind(
        id="tables.E006",
        title="Parent column is not unique",
        help=(
            "A foreign key is to reference a column that no unique index or primary key covers alone. PostgreSQL "
            "refuses such a foreign key. Create the unique index of the hint."
        ),
    ),
    FindingKind(
        id="tables.E007",
        title="Rollback drops a table with rows",
        help=(
            "The rollback would drop a table that holds rows. `migrate` refuses to do so, because the app registered"
            " its schema (`migrations_safety.registry`). Keep the rows first with `pg_dump`, and check that the file"
            " can be restored. Then `migrate … --skip-precheck` drops the table."
        ),
    ),
    FindingKind(
        id="tables.E008",
        title="Name is taken",
        help=(
            "Another object has the name that a pending migration gives to a table or an index. PostgreSQL allows "
            "each name only once in a schema. Rename or drop the existing object if nothing needs it, then run "
            "`precheck` again."
        ),
    ),
    FindingKind(
        id="tables.E009",
        title="Table exists only in another schema",
        help=(
            "A migration needs a table that does not exist in the current schema, but another schema of the "
            "`search_path` has a table of that name. That other table may belong to another project, so it was not "
            "touched. Restore the table in the current schema, or name the other schema in the model's `db_table`."
        ),
    ),
    FindingKind(
        id="tables.W001",
        title="Column already has a foreign key to that parent",
        help=(
            "The column already has a foreign key to the same parent table under another name. The rule (ON DELETE) "
            "of the older foreign key acts first, so the declared rule may never act. Compare the two rules. The "
            "statement of the hint drops the older foreign key."
        ),
    ),
    FindingKind(
        id="tables.W002",
        title="None of the baseline's tables exists",
        help=(
            "The database has tables, but none of the tables of a baseline. (A baseline is an initial migration for "
            "tables that are older than the project.) `migrate` would create them all, as in an empty database. "
            "Check that this is the right database and schema."
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
            "An index is invalid, because a build that failed or was killed left it behind. No query uses the index,"
            " but every write maintains it. Drop the index, or rebuild it with REINDEX if you need it."
        ),
    ),
    FindingKind(
        id="tables.W011",
        title="Constraint is NOT VALID",
        help=(
            "A table of the plan has a constraint that is NOT VALID, and no pending migration validates it. An earlier "
            "deploy has left it so. PostgreSQL enforces it for new rows, but older rows may violate it. Validate the "
            "constraint, or drop it."
        ),
    ),
)
