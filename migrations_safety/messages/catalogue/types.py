"""Kinds of findings of the area types: both ends of a key."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="types.E001",
        title="Types do not allow a key",
        help=(
            "PostgreSQL refuses a key between the two types (SQLSTATE 42804). Examples are `uuid` and `text`. "
            "Give both columns the same type, as the hint says."
        ),
    ),
    FindingKind(
        id="types.E002",
        title="Collations do not allow a key",
        help=(
            "The two columns have different collations, and one of them is not deterministic: it treats "
            "different texts as equal. PostgreSQL 18 refuses such a key (SQLSTATE 42P21). Give both columns the "
            "same collation."
        ),
    ),
    FindingKind(
        id="types.W001",
        title="Types are not the same",
        help=(
            "The two types can be compared but are not the same. Examples are `varchar(36)` and `text`. The key "
            "works, but a value may fit one column and not the other. Give both columns the same type when the "
            "tables can be rewritten."
        ),
    ),
    FindingKind(
        id="types.W002",
        title="Collations are not the same",
        help=(
            "The two columns have different collations. They sort differently, and with a nondeterministic "
            "collation they may compare differently. Give both columns the same collation."
        ),
    ),
    FindingKind(
        id="types.W003",
        title="Type does not exist yet",
        help=(
            "One of the two types does not exist yet, because the plan still has to create it. Whether "
            "PostgreSQL accepts the key is unknown until then. Try the migrations on an empty database."
        ),
    ),
)
