"""Kinds of findings of the area references: what the referencing columns hold."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="references.E001",
        title="Orphans",
        help=(
            "Rows reference parents that do not exist. A key cannot be validated over such orphans. "
            "`backfill_placeholders` creates one placeholder for each value. If no app registered placeholders "
            "for the parent table, create the missing rows. Or correct the references."
        ),
    ),
    FindingKind(
        id="references.E002",
        title="Orphans that must not become placeholders",
        help=(
            "Rows reference parents that do not exist. Values of their class must not become placeholders. One "
            "placeholder for `null` or for the nil UUID would merge many people into one chart. A person who "
            "knows the rows corrects them in the application."
        ),
    ),
    FindingKind(
        id="references.E003",
        title="One id in several spellings",
        help=(
            "One UUID is in use in several spellings. To a text key these are two patients, to people they are "
            "one, and a placeholder for each would split the chart. Rewrite the others to the parent's "
            "spelling. Where the id has no parent yet, use the canonical one (lower case, hyphens)."
        ),
    ),
    FindingKind(
        id="references.E004",
        title="Column cannot be set to NULL",
        help=(
            "`--nullify` was asked for a column that is NOT NULL. Run `backfill_placeholders` without "
            "`--nullify` for this table."
        ),
    ),
    FindingKind(
        id="references.E005",
        title="References were not counted",
        help=(
            "`precheck --approximate` reads statistics and a few index entries, so references were not counted. "
            "This error keeps scripts from taking it for a full check. `precheck` without the option counts "
            "them."
        ),
    ),
    FindingKind(
        id="references.W001",
        title="Orphans of an unusual class",
        help=(
            "Orphans of an unusual class may become placeholders, and they are kept exactly as they are. Ask "
            "the application's developers where these ids come from."
        ),
    ),
    FindingKind(
        id="references.W002",
        title="Ids that differ only in case",
        help=(
            "Some ids differ only in upper and lower case. They may be two people or one. Find out before you "
            "create placeholders."
        ),
    ),
    FindingKind(
        id="references.W003",
        title="Referencing column has no index",
        help=(
            "No index begins with the referencing column. Each delete in the parent table, and each change of "
            "an id there, reads the whole referencing table. Create the index of the hint."
        ),
    ),
    FindingKind(
        id="references.W004",
        title="Column looks like a reference, but has no declared key",
        help=(
            "A column is named like a reference, but no model declares a key for it. It was not counted, and no "
            "key will protect it. Declare a `ForeignKeyConstraint` for it, or leave it out on purpose."
        ),
    ),
    FindingKind(
        id="references.W005",
        title="One value in very many rows",
        help=(
            'One value stands in far more rows than one patient has. It may mean "no patient" and only look '
            "like an id. If it does, correct these rows before you create placeholders."
        ),
    ),
    FindingKind(
        id="references.W006",
        title="Future values of a key were not checked",
        help=(
            "A key is added or recreated, and what its column will hold by then is unknown. The message has the "
            "reason. `precheck` counts what exists; read in the migration what it writes itself."
        ),
    ),
    FindingKind(
        id="references.W007",
        title="Orphans that code may correct",
        help=(
            "Rows reference parents that do not exist now, but the plan runs code before it adds the key. "
            "Whether that code corrects them is unknown, so this does not block. Migrate up to that code, then "
            "run `precheck` again."
        ),
    ),
    FindingKind(
        id="references.W008",
        title="Code may create orphans",
        help=(
            "Every value has its parent now, but the plan runs code before it adds the key. That code may "
            "change references or delete parents, so the references are not called covered. Read what it does "
            "to both tables."
        ),
    ),
)
