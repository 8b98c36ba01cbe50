"""Kinds of findings of the area schema: what verify_schema and its presets compare."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="schema.E001",
        title="Table is missing",
        help=(
            "A declared table does not exist. `migrate` creates it if its migration is pending. Otherwise it "
            "was dropped, and has to be put back by hand."
        ),
    ),
    FindingKind(
        id="schema.E002",
        title="Table is unlogged",
        help=(
            "The table is unlogged: it is empty after a crash, and a standby cannot read it. Make it an ordinary table."
        ),
    ),
    FindingKind(
        id="schema.E003",
        title="Column is missing",
        help="A declared column does not exist. Put it back by hand.",
    ),
    FindingKind(
        id="schema.E004",
        title="Column is not declared",
        help=(
            "A column exists that no model declares. If it is NOT NULL without a default, every INSERT of Django "
            "fails. Declare it in the model, or drop it with the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E005",
        title="Column has another type",
        help=(
            "A column has another type, length or precision than declared. Change it by hand; most type changes "
            "rewrite the table under a lock."
        ),
    ),
    FindingKind(
        id="schema.E006",
        title="Column has another nullability",
        help="A column is NULL where NOT NULL is declared, or the other way round. Change it by hand.",
    ),
    FindingKind(
        id="schema.E007",
        title="Column has another default",
        help=("A column has another default than declared, or one that is not declared, or none. Change it by hand."),
    ),
    FindingKind(
        id="schema.E008",
        title="Column is of another kind",
        help=(
            "A column is an identity column, a generated column or a column with a collation of its own, and "
            "something else is declared; or the expression of a generated column differs. Change it by hand."
        ),
    ),
    FindingKind(
        id="schema.E009",
        title="Index is missing",
        help="A declared index does not exist. Create it with the statement of the hint; writes go on meanwhile.",
    ),
    FindingKind(
        id="schema.E010",
        title="Index is not declared",
        help=(
            "An index exists that no model declares. A unique one refuses rows that the model allows. Declare it in "
            "the model, or drop it with the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E011",
        title="Index has another definition",
        help=(
            "An index of the declared name has other columns, expressions, order, operator classes, collations, "
            "uniqueness, method, predicate or storage parameters. Replace it with the statements of the hint."
        ),
    ),
    FindingKind(
        id="schema.E012",
        title="Index is invalid",
        help=(
            "An index is invalid: a concurrent build failed and left it. Every write maintains it, and no query "
            "uses it. Rebuild it."
        ),
    ),
    FindingKind(
        id="schema.E013",
        title="Key is missing",
        help=(
            "A declared foreign key does not exist. `migrate` adds it if its migration is pending. Otherwise it "
            "was dropped; the hint has the two statements that add it NOT VALID and validate it."
        ),
    ),
    FindingKind(
        id="schema.E014",
        title="Key has another definition",
        help=(
            "A foreign key of the declared name has another target, rule, column or deferrability. A CASCADE "
            "where RESTRICT is declared silently deletes clinical records. The hint has the statement that puts "
            "the declared key in its place."
        ),
    ),
    FindingKind(
        id="schema.E015",
        title="Key is not valid",
        help=(
            "A foreign key is NOT VALID: new rows obey it, but older rows were never checked. `migrate` "
            "validates it if its validation is pending. Otherwise validate it with the statement of the hint, "
            "once there are no orphans."
        ),
    ),
    FindingKind(
        id="schema.E016",
        title="Key is not enforced",
        help="PostgreSQL 18: the key is NOT ENFORCED, so it exists in name only. Make it ENFORCED.",
    ),
    FindingKind(
        id="schema.E017",
        title="Triggers of a key are disabled",
        help=(
            "Triggers that enforce the key are disabled, so it is not enforced, even if it is valid. Enable "
            "them as a superuser with the statements of the hint, then verify again."
        ),
    ),
    FindingKind(
        id="schema.E018",
        title="Key is not declared",
        help=(
            "A foreign key exists that no model declares. Of two keys on one column the older one's rule acts "
            "first, so a CASCADE may act where RESTRICT is declared. Declare it in the model, or drop it with "
            "the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E019",
        title="Enum is missing",
        help=(
            "A declared enum does not exist. `migrate` creates it if its migration is pending; otherwise run "
            "the CREATE TYPE of the hint."
        ),
    ),
    FindingKind(
        id="schema.E020",
        title="Enum has other labels",
        help=(
            "An enum has other labels than declared, or the same labels in another order. Change it by hand. A "
            "label cannot be removed; that takes a new type."
        ),
    ),
    FindingKind(
        id="schema.E021",
        title="Constraint is missing",
        help=(
            "A declared primary key, UNIQUE, CHECK or EXCLUDE constraint does not exist. Add it with the statement of "
            "the hint; it reads the table while writes wait."
        ),
    ),
    FindingKind(
        id="schema.E022",
        title="Constraint has another definition",
        help=(
            "A primary key, UNIQUE, CHECK or EXCLUDE constraint has another definition than declared, or is not "
            "validated. Change it with the statement of the hint."
        ),
    ),
    FindingKind(
        id="schema.E023",
        title="Constraint is not declared",
        help=(
            "A constraint exists that no model declares. Declare it in the model, or drop it with the statement "
            "of the hint."
        ),
    ),
    FindingKind(
        id="schema.E024",
        title="Orphans",
        help=(
            "Rows reference parents that do not exist. `backfill_placeholders` creates placeholders; a person "
            "corrects what it refuses in the application. For a parent without placeholders, create the missing "
            "rows or correct the references. Then verify again."
        ),
    ),
    FindingKind(
        id="schema.E025",
        title="Something else has the table's name",
        help=(
            "A view, a foreign table or something else has the name of a declared table, so the table cannot exist. "
            "Rename or drop it, then put the table back."
        ),
    ),
    FindingKind(
        id="schema.I001",
        title="Placeholders to resolve",
        help=(
            "The table holds placeholders that nobody has resolved yet. The schema is right, but the work on "
            "the ward is not done. Merge each into the person's record; never edit a placeholder into a person."
        ),
    ),
    FindingKind(
        id="schema.I002",
        title="Serial column",
        help=(
            "Django before 4.1 made serial columns where it makes identity columns today. Both work alike, and Django "
            "does not change the old ones."
        ),
    ),
    FindingKind(
        id="schema.I003",
        title="Comment differs",
        help="A table or column has another comment than declared. Comments change nothing in the database.",
    ),
    FindingKind(
        id="schema.I004",
        title="Id of a many-to-many table",
        help=(
            "The id of an automatic many-to-many table has the type that `DEFAULT_AUTO_FIELD` had when the table was "
            "made. No migration changes it. Change it by hand before the numbers of an integer run out."
        ),
    ),
)
