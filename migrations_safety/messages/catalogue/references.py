"""Kinds of findings of the area references: the values in foreign-key columns."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="references.E001",
        title="Orphans",
        help=(
            "Rows refer to parent rows that do not exist (orphans), so the foreign key cannot be validated. For each"
            " such value, `backfill_placeholders` creates one placeholder row in the parent table. If no app "
            "registered placeholders for the parent table, create the missing rows yourself. Or correct the rows "
            "that refer to them."
        ),
    ),
    FindingKind(
        id="references.E002",
        title="Orphans that must not become placeholders",
        help=(
            "Rows refer to parent rows that do not exist (orphans), and their values belong to a class of identifier"
            " that must not become a placeholder. For example, one placeholder for `null` or for the nil UUID would "
            "merge many people into one chart. A person who knows the rows has to correct them in the application."
        ),
    ),
    FindingKind(
        id="references.E003",
        title="One id in several spellings",
        help=(
            "One UUID is in use in several spellings. A foreign key on text treats each spelling as another patient,"
            " so a placeholder for each spelling would split the chart of one person. Rewrite the other spellings to"
            " the one in the parent table. If the id has no parent row yet, use the canonical spelling (lower case, "
            "hyphens)."
        ),
    ),
    FindingKind(
        id="references.E004",
        title="Column cannot be set to NULL",
        help=(
            "`--nullify` was given for a table whose referencing column is NOT NULL. Run `backfill_placeholders` "
            "without `--nullify` for this table."
        ),
    ),
    FindingKind(
        id="references.E005",
        title="Orphans were estimated and not counted",
        help=(
            "`precheck --approximate` reads only statistics and a few index entries, so it estimates orphans and "
            "does not count them. This error sets the exit code to 1, so that no script takes the estimate for a "
            "full check. `precheck` without `--approximate` counts the orphans."
        ),
    ),
    FindingKind(
        id="references.W001",
        title="Orphans with ids of an unusual class",
        help=(
            "Rows refer to parent rows that do not exist, and the ids belong to an unusual class of identifier. "
            "These ids may become placeholders, which keep each id exactly as it is. Ask the application's "
            "developers where these ids come from."
        ),
    ),
    FindingKind(
        id="references.W002",
        title="Ids that differ only in case",
        help=(
            "Some ids differ only in upper and lower case. They may belong to one person or to two. Find out before "
            "you create placeholders."
        ),
    ),
    FindingKind(
        id="references.W003",
        title="Referencing column has no index",
        help=(
            "No index begins with the referencing column. So each delete in the parent table, and each change of an "
            "id there, reads the whole referencing table. Create the index of the hint."
        ),
    ),
    FindingKind(
        id="references.W004",
        title="Column looks like a reference, but no foreign key is declared",
        help=(
            "The name of a column looks like a reference, but no model declares a foreign key for the column. "
            "`precheck` did not count its values, and no foreign key will protect them. Declare a "
            "`ForeignKeyConstraint` for the column, or leave the column out on purpose."
        ),
    ),
    FindingKind(
        id="references.W005",
        title="One value in very many rows",
        help=(
            "One value stands in far more rows than one parent row would normally have. The value may look like an "
            'id but mean "no parent". If it does, correct these rows before you create placeholders.'
        ),
    ),
    FindingKind(
        id="references.W006",
        title="Future values of a foreign key were not checked",
        help=(
            "The plan adds or recreates a foreign key, but `precheck` cannot know which values the column will hold "
            "by then. The message has the reason. `precheck` counts only the values that exist now, so read in the "
            "migration which values it writes."
        ),
    ),
    FindingKind(
        id="references.W007",
        title="Orphans that code may correct",
        help=(
            "Rows refer to parent rows that do not exist now (orphans), but the plan runs code before it adds the "
            "foreign key. Whether that code corrects the orphans is unknown, so this finding does not block. Migrate"
            " as far as the migration with that code, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="references.W008",
        title="Code may create orphans",
        help=(
            "Every value has its parent row now, but the plan runs code before it adds the foreign key. That code "
            "may change values or delete parent rows, so there may be orphans afterwards. Read what the code does to"
            " the referencing table and to the parent table."
        ),
    ),
)
