"""Kinds of findings of the area schema: differences between the database and the models."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="schema.E001",
        title="Table is missing",
        help=(
            "A declared table does not exist. If the migration that creates the table is pending, `migrate` creates "
            "it. Otherwise somebody dropped the table, and it has to be put back by hand."
        ),
    ),
    FindingKind(
        id="schema.E002",
        title="Table is unlogged",
        help=(
            "The table is unlogged, so it is empty after a crash, and a standby cannot read it. Make the table an "
            "ordinary (logged) table."
        ),
    ),
    FindingKind(
        id="schema.E003",
        title="Column is missing",
        help="A declared column does not exist. Put the column back by hand.",
    ),
    FindingKind(
        id="schema.E004",
        title="Column is not declared",
        help=(
            "A column exists that no model declares. If the column is NOT NULL without a default, every INSERT of "
            "Django fails. Declare the column in the model, or drop it with the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E005",
        title="Column has another type",
        help=(
            "A column has another type, length or precision than the model declares. If every id has the other type, "
            "correct the setting of the id type as the hint says. Otherwise change the type by hand. Most changes of "
            "a type rewrite the table under a lock."
        ),
    ),
    FindingKind(
        id="schema.E006",
        title="Column differs in NULL or NOT NULL",
        help=(
            "A column allows NULL where the model declares NOT NULL, or the other way round. Change the column by hand."
        ),
    ),
    FindingKind(
        id="schema.E007",
        title="Column has another default",
        help=(
            "A column has another default than the model declares, a default although the model declares none, or no"
            " default although the model declares one. Change the default by hand."
        ),
    ),
    FindingKind(
        id="schema.E008",
        title="Column is of another kind",
        help=(
            "A column and its model differ in whether it is an identity column, in whether it is a generated column,"
            " in the expression of a generated column, or in the collation. Change the column by hand."
        ),
    ),
    FindingKind(
        id="schema.E009",
        title="Index is missing",
        help=(
            "A declared index does not exist. Create the index with the statement of the hint, which does not block "
            "writes."
        ),
    ),
    FindingKind(
        id="schema.E010",
        title="Index is not declared",
        help=(
            "An index exists that no model declares. If the index is unique, it refuses rows that the model allows. "
            "Declare the index in the model, or drop it with the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E011",
        title="Index has another definition",
        help=(
            "An index has the declared name, but other columns, expressions, order, operator classes, collations, "
            "uniqueness, method, predicate or storage parameters. Replace the index with the statements of the hint."
        ),
    ),
    FindingKind(
        id="schema.E012",
        title="Index is invalid",
        help=(
            "An index is invalid, because a concurrent build failed and left it behind. Every write maintains the "
            "index, but no query uses it. Rebuild the index."
        ),
    ),
    FindingKind(
        id="schema.E013",
        title="Foreign key is missing",
        help=(
            "A declared foreign key does not exist. If the migration that adds it is pending, `migrate` adds it. "
            "Otherwise somebody dropped the foreign key, and the hint has the two statements that add it as NOT "
            "VALID and validate it."
        ),
    ),
    FindingKind(
        id="schema.E014",
        title="Foreign key has another definition",
        help=(
            "A foreign key has the declared name, but another target, rule, column or deferrability. For example, "
            "CASCADE in place of a declared RESTRICT silently deletes the rows that refer to a parent. The hint has "
            "the statement that puts the declared foreign key in its place."
        ),
    ),
    FindingKind(
        id="schema.E015",
        title="Foreign key is not valid",
        help=(
            "A foreign key is NOT VALID: PostgreSQL checks new rows, but never checked the older rows. If the "
            "migration that validates the foreign key is pending, `migrate` validates it. Otherwise validate it with"
            " the statement of the hint, once there are no orphans."
        ),
    ),
    FindingKind(
        id="schema.E016",
        title="Foreign key is not enforced",
        help=(
            "The foreign key is NOT ENFORCED (PostgreSQL 18), so PostgreSQL checks no rows. Make the foreign key "
            "ENFORCED."
        ),
    ),
    FindingKind(
        id="schema.E017",
        title="Triggers of a foreign key are disabled",
        help=(
            "The triggers that enforce a foreign key are disabled, so PostgreSQL does not enforce it, even if it is "
            "marked as valid. Enable the triggers as a superuser with the statements of the hint, then verify again."
        ),
    ),
    FindingKind(
        id="schema.E018",
        title="Foreign key is not declared",
        help=(
            "A foreign key exists that no model declares. If a column has two foreign keys, the rule of the older "
            "one acts first, so a CASCADE may act although the model declares RESTRICT. Declare the foreign key in "
            "the model, or drop it with the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E019",
        title="Enum is missing",
        help=(
            "A declared enum does not exist. If the migration that creates the enum is pending, `migrate` creates "
            "it. Otherwise run the CREATE TYPE of the hint."
        ),
    ),
    FindingKind(
        id="schema.E020",
        title="Enum has other labels",
        help=(
            "An enum has other labels than the model declares, or the same labels in another order. Change the enum "
            "by hand. PostgreSQL cannot remove a label, so removing one takes a new type."
        ),
    ),
    FindingKind(
        id="schema.E021",
        title="Constraint is missing",
        help=(
            "A declared primary key, UNIQUE, CHECK or EXCLUDE constraint does not exist. Add the constraint with the"
            " statement of the hint, which reads the table while writes wait."
        ),
    ),
    FindingKind(
        id="schema.E022",
        title="Constraint has another definition",
        help=(
            "A primary key, UNIQUE, CHECK or EXCLUDE constraint has another definition than the model declares, or "
            "is not validated. Change the constraint with the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E023",
        title="Constraint is not declared",
        help=(
            "A constraint exists that no model declares. Declare the constraint in the model, or drop it with the "
            "statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E024",
        title="Orphans",
        help=(
            "Rows refer to parent rows that do not exist. `backfill_placeholders` creates placeholders for them, and"
            " a person has to correct in the application what that command refuses. If the parent table has no "
            "registered placeholders, create the missing rows or correct the referencing rows. Then verify again."
        ),
    ),
    FindingKind(
        id="schema.E025",
        title="Another object has the table's name",
        help=(
            "A view, a foreign table or another object has the name of a declared table, so the table cannot exist. "
            "Rename or drop that object, then put the table back."
        ),
    ),
    FindingKind(
        id="schema.I001",
        title="Placeholders to resolve",
        help=(
            "The table holds placeholders that nobody has resolved yet. The schema is right, but the work on the "
            "ward is not done. Merge each placeholder into the record of the real person; never edit a placeholder "
            "into a person."
        ),
    ),
    FindingKind(
        id="schema.I002",
        title="Serial column",
        help=(
            "Django before 4.1 made serial columns where it makes identity columns today. Both kinds of column work "
            "alike, and Django does not change the old ones."
        ),
    ),
    FindingKind(
        id="schema.I003",
        title="Comment differs",
        help=(
            "A table or column has another comment than the model declares. A comment has no effect on how the "
            "database works."
        ),
    ),
    FindingKind(
        id="schema.I004",
        title="Id of a many-to-many table",
        help=(
            "When Django creates an automatic many-to-many table, its id gets the type that `DEFAULT_AUTO_FIELD` "
            "names, and no migration changes that type later. This table has another type than the setting names "
            "now. If the type is an integer, change it by hand before the numbers run out."
        ),
    ),
)
