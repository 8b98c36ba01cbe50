"""Kinds of findings of the area types: the types and collations of the two columns of a foreign key."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="types.E001",
        title="Types do not allow a foreign key",
        help=(
            "PostgreSQL refuses a foreign key between columns of these two types (SQLSTATE 42804). An example is "
            "`uuid` and `text`. Give both columns the same type, as the hint says."
        ),
    ),
    FindingKind(
        id="types.E002",
        title="Collations do not allow a foreign key",
        help=(
            "The two columns of a foreign key have different collations, and one of these is not deterministic: it "
            "treats different texts as equal. PostgreSQL 18 refuses such a foreign key (SQLSTATE 42P21). Give both "
            "columns the same collation."
        ),
    ),
    FindingKind(
        id="types.W001",
        title="Types are not the same",
        help=(
            "The two columns of a foreign key have different types that PostgreSQL can compare. An example is "
            "`varchar(36)` and `text`. The foreign key works, but a value may fit one column and not the other. Give"
            " both columns the same type when the tables can be rewritten."
        ),
    ),
    FindingKind(
        id="types.W002",
        title="Collations are not the same",
        help=(
            "The two columns of a foreign key have different collations. The columns sort their values differently, "
            "and if a collation is not deterministic, they may also compare them differently. Give both columns the "
            "same collation."
        ),
    ),
    FindingKind(
        id="types.W003",
        title="Type does not exist yet",
        help=(
            "The type of one of the two columns does not exist yet, because the plan still has to create it. Until "
            "then it is unknown whether PostgreSQL accepts the foreign key. Try the migrations on an empty database."
        ),
    ),
)
