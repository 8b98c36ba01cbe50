"""Wording of the differences between what the models declare and what is there."""

from migrations_safety.findings import Finding, finding
from migrations_safety.words import counted, quoted

MIGRATE = "python manage.py migrate makes what is pending; python manage.py showmigrations shows what is recorded."
BY_HAND = "Put it back by hand; python manage.py sqlmigrate prints the declared statement."


def table_missing(table: str) -> Finding:
    """The table is not there."""
    return finding("schema.E001", table, "is declared as a table, there is none.", MIGRATE)


def table_unlogged(table: str, *, alter: str) -> Finding:
    """The table loses its rows in a crash."""
    return finding(
        "schema.E002",
        table,
        "is declared as a table, there is an unlogged one.",
        f"ALTER TABLE {alter} SET LOGGED;",
    )


def column_missing(subject: str, *, declared: str) -> Finding:
    """The column is not there."""
    return finding("schema.E003", subject, f"is declared as {declared}, there is no such column.", BY_HAND)


def column_extra(subject: str, *, found: str) -> Finding:
    """The column is not declared."""
    return finding(
        "schema.E004",
        subject,
        f"is not declared, there is a column of type {found}.",
        "Declare it in the model, or drop it.",
    )


def column_type(subject: str, *, declared: str, found: str) -> Finding:
    """The column has another type, length or precision."""
    return finding("schema.E005", subject, f"is declared as {declared}, it is {found}.", BY_HAND)


def column_nullability(subject: str, *, declared: str, found: str) -> Finding:
    """NULL where NOT NULL is declared, or the other way round."""
    return finding("schema.E006", subject, f"is declared {declared}, it is {found}.", BY_HAND)


def column_default(subject: str, *, declared: str, found: str) -> Finding:
    """Another default, none, or one that is not declared."""
    return finding("schema.E007", subject, f"is declared with the default {declared}, it has {found}.", BY_HAND)


def column_kind(subject: str, *, found: str) -> Finding:
    """An identity or generated column, or one with a collation of its own, where a plain one is declared."""
    return finding("schema.E008", subject, f"is declared as a plain column, it is {found}.", BY_HAND)


def index_missing(subject: str, *, declared: str) -> Finding:
    """The index is not there."""
    return finding("schema.E009", subject, f"is declared as {declared}, there is no such index.", BY_HAND)


def index_extra(subject: str, *, found: str) -> Finding:
    """The index is not declared."""
    return finding(
        "schema.E010",
        subject,
        f"is not declared, there is {found}.",
        "Declare it in the model, or DROP INDEX CONCURRENTLY.",
    )


def index_differs(subject: str, *, declared: str, found: str) -> Finding:
    """Same name, another definition."""
    return finding("schema.E011", subject, f"is declared as {declared}, it is {found}.", BY_HAND)


def index_invalid(subject: str, *, index: str) -> Finding:
    """An index that a failed build left behind: written to, never read."""
    return finding(
        "schema.E012", subject, "is declared as an index, it is invalid.", f"REINDEX INDEX CONCURRENTLY {index};"
    )


def key_missing(subject: str, *, declared: str) -> Finding:
    """The foreign key is not there."""
    return finding("schema.E013", subject, f"is declared as {declared}, there is no such key.", MIGRATE)


def key_differs(subject: str, *, declared: str, found: str) -> Finding:
    """Same name, another definition."""
    return finding("schema.E014", subject, f"is declared as {declared}, it is {found}.", BY_HAND)


def key_not_valid(subject: str, *, alter: str, name: str) -> Finding:
    """The key holds for new rows only, or not at all."""
    hint = (
        "python manage.py migrate, where its validation is pending; else, with no schema.E024 here: "
        f"ALTER TABLE {alter} VALIDATE CONSTRAINT {quoted(name)};"
    )
    return finding("schema.E015", subject, "is declared valid, it is NOT VALID: older rows were never proved.", hint)


def key_not_enforced(subject: str, *, alter: str, name: str) -> Finding:
    """PostgreSQL 18: the key is there in name only."""
    hint = f"ALTER TABLE {alter} ALTER CONSTRAINT {quoted(name)} ENFORCED;"
    return finding("schema.E016", subject, "is declared enforced, it is NOT ENFORCED.", hint)


def triggers_disabled(subject: str, *, alter: str, count: int) -> Finding:
    """The triggers that enforce the key do not fire."""
    message = f"is declared enforced, {count} of its triggers are disabled."
    return finding("schema.E017", subject, message, f"ALTER TABLE {alter} ENABLE TRIGGER ALL; then verify again.")


def key_extra(subject: str, *, found: str) -> Finding:
    """A key that is not declared."""
    return finding(
        "schema.E018", subject, f"is not declared, there is {found}.", "Declare it in the model, or drop it."
    )


def enum_missing(name: str, *, declared: str) -> Finding:
    """The enum is not there."""
    return finding("schema.E019", name, f"is declared as an enum of {declared}, there is none.", MIGRATE)


def enum_differs(name: str, *, declared: str, found: str) -> Finding:
    """Other labels, or another order."""
    return finding("schema.E020", name, f"is declared as an enum of {declared}, it has {found}.", BY_HAND)


def constraint_missing(subject: str, *, declared: str) -> Finding:
    """A primary key or CHECK is not there."""
    return finding("schema.E021", subject, f"is declared as {declared}, there is no such constraint.", BY_HAND)


def constraint_differs(subject: str, *, declared: str, found: str) -> Finding:
    """Same name, another definition."""
    return finding("schema.E022", subject, f"is declared as {declared}, it is {found}.", BY_HAND)


def constraint_extra(subject: str, *, found: str) -> Finding:
    """A constraint that is not declared."""
    return finding(
        "schema.E023", subject, f"is not declared, there is {found}.", "Declare it in the model, or drop it."
    )


def orphans(subject: str, *, values: int, rows: int, target: str, key: str) -> Finding:
    """Rows without a parent; the validity flag does not show them."""
    message = f"holds {counted(values, 'value')} in {counted(rows, 'row')} with no row in {target}{key}."
    return finding(
        "schema.E024",
        subject,
        message,
        "python manage.py backfill_placeholders; what it refuses is to be corrected in the application.",
    )


def placeholders_left(table: str, *, count: int) -> Finding:
    """Parents that were made so that a key holds, and whom nobody has resolved."""
    message = f"holds {counted(count, 'placeholder')} still to be resolved."
    return finding(
        "schema.I001", table, message, "For each: merge it into the person's record; never edit it into a person."
    )
