"""Wording of the findings about differences between the models and the database."""

from collections.abc import Sequence

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.sql.identifiers import quote_identifier

PENDING = "python manage.py migrate creates it: its migration is pending."
PENDING_CHANGE = "python manage.py migrate: its migration is pending."
NOT_MADE = "python manage.py makemigrations, then python manage.py migrate: no migration changes it yet."
WITHOUT_MIGRATIONS = "python manage.py migrate --run-syncdb creates it: its app has no migrations."
DROPPED = "No pending migration creates it, so somebody dropped it. Put it back by hand, from a backup if it held rows."
BY_HAND = "Put it back by hand, as the model declares it."
REWRITES = "Most changes of a type rewrite the table under a lock, and a value that does not fit makes them fail."
REFUSED = "python manage.py migrate refuses to create it: {refusal} {hint}"


def table_missing(table: str, *, made_by: str | None) -> Finding:
    """The finding that a declared table does not exist, with the hint for one that somebody dropped.

    `made_by` is the migration that makes it, as arguments of `sqlmigrate`; None where that is not known.
    """
    hint = f"{DROPPED}{_sqlmigrate(made_by)}"
    return finding("schema.E001", table, "is declared as a table, but does not exist.", hint, declared="a table")


def _sqlmigrate(made_by: str | None) -> str:
    return f" python manage.py sqlmigrate {made_by} prints its statement." if made_by else ""


def table_unlogged(table: str, *, alter: str) -> Finding:
    """The finding that a table is UNLOGGED, so it loses its rows in a crash."""
    message = "is declared as a table, but is an unlogged one."
    return finding(
        "schema.E002", table, message, f"ALTER TABLE {alter} SET LOGGED;", declared="a table", found="an unlogged table"
    )


def column_missing(subject: str, *, declared: str, add: str, require: str | None) -> Finding:
    """The finding that a declared column does not exist; `declared` is its type, `add` the statement that adds it.

    `require` is the statement that makes it NOT NULL, None for a column that may be NULL.
    """
    hint = f"{add} Its values are in a backup: put them back." + (f" Then {require}" if require else "")
    return finding("schema.E003", subject, f"is declared as {declared}, but does not exist.", hint, declared=declared)


def column_extra(subject: str, *, found: str, drop: str, refuses_rows: bool) -> Finding:
    """The finding that an existing column is not declared.

    `drop` is the statement that drops it. `refuses_rows` is True if the column is NOT NULL without a default.
    """
    message = f"is not declared, but exists as a column of type {found}"
    message += ", NOT NULL without a default: every INSERT of Django fails." if refuses_rows else "."
    return finding(
        "schema.E004", subject, message, f"Declare it in the model, or drop it with its values: {drop}", found=found
    )


def column_type(subject: str, *, declared: str, found: str, change: str) -> Finding:
    """The finding that a column has another type, length or precision than declared; `change` is what corrects it."""
    return finding(
        "schema.E005", subject, f"is declared as {declared}, but is {found}.", change, declared=declared, found=found
    )


def column_nullability(subject: str, *, declared: str, found: str, change: str) -> Finding:
    """The finding that a column is NULL and not NOT NULL, or the reverse; `change` is the SQL that corrects it."""
    return finding(
        "schema.E006", subject, f"is declared {declared}, but is {found}.", change, declared=declared, found=found
    )


def column_default(subject: str, *, declared: str, found: str, change: str) -> Finding:
    """The finding that a column has another default than declared; `change` is the statement that corrects it."""
    return finding(
        "schema.E007",
        subject,
        f"is declared with the default {declared}, but has {found}.",
        change,
        declared=f"the default {declared}",
        found=found,
    )


def column_kind(subject: str, *, declared: str, found: str, change: str = BY_HAND) -> Finding:
    """The finding that a column differs in its identity, generated expression or collation."""
    return finding(
        "schema.E008", subject, f"is declared as {declared}, but is {found}.", change, declared=declared, found=found
    )


def index_missing(subject: str, *, declared: str, create: str) -> Finding:
    """The finding that a declared index does not exist; `create` is the statement that builds it."""
    return finding("schema.E009", subject, f"is declared as {declared}, but does not exist.", create, declared=declared)


def index_extra(subject: str, *, found: str, drop: str, refuses_rows: bool) -> Finding:
    """The finding that an existing index is not declared.

    `drop` is the statement that drops it. `refuses_rows` is True for a unique index.
    """
    message = f"is not declared, but exists as {found}"
    message += ": it refuses rows that the model allows." if refuses_rows else "."
    return finding("schema.E010", subject, message, f"Declare it in the model, or drop it: {drop}", found=found)


def index_differs(subject: str, *, declared: str, found: str, replace: str) -> Finding:
    """The finding that an index has another definition; `replace` is the SQL that creates the declared one."""
    return finding(
        "schema.E011", subject, f"is declared as {declared}, but is {found}.", replace, declared=declared, found=found
    )


def index_invalid(subject: str, *, index: str) -> Finding:
    """The finding that an index is invalid, as after a failed build: no query uses it."""
    message = "is declared as an index, but is invalid."
    return finding(
        "schema.E012",
        subject,
        message,
        f"REINDEX INDEX CONCURRENTLY {index};",
        declared="an index",
        found="an invalid index",
    )


def key_missing(subject: str, *, declared: str, is_pending: bool, add: str | None) -> Finding:
    """The finding that a declared foreign key does not exist.

    `add` is the SQL that adds it, None where one of its tables does not exist.
    """
    hint = PENDING if is_pending else add or "One of its tables does not exist: create that first, then verify again."
    return finding("schema.E013", subject, f"is declared as {declared}, but does not exist.", hint, declared=declared)


def key_differs(subject: str, *, declared: str, found: str, replace: str) -> Finding:
    """The finding that a foreign key has another definition; `replace` is the SQL that adds the declared one."""
    return finding(
        "schema.E014", subject, f"is declared as {declared}, but is {found}.", replace, declared=declared, found=found
    )


def key_not_valid(subject: str, *, alter: str, name: str, is_pending: bool) -> Finding:
    """The finding that a foreign key is NOT VALID: PostgreSQL has not checked the older rows."""
    hint = f"With no schema.E024 here: ALTER TABLE {alter} VALIDATE CONSTRAINT {quote_identifier(name)};"
    if is_pending:
        hint = "python manage.py precheck, then python manage.py migrate: its validation is pending."
    message = "is declared as valid, but is NOT VALID: older rows were never checked."
    return finding("schema.E015", subject, message, hint, declared="valid", found="NOT VALID")


def key_not_enforced(subject: str, *, alter: str, name: str) -> Finding:
    """The finding that a foreign key is NOT ENFORCED (PostgreSQL 18), so no row is checked."""
    hint = f"ALTER TABLE {alter} ALTER CONSTRAINT {quote_identifier(name)} ENFORCED;"
    return finding(
        "schema.E016",
        subject,
        "is declared as enforced, but is NOT ENFORCED.",
        hint,
        declared="enforced",
        found="NOT ENFORCED",
    )


def triggers_disabled(subject: str, *, enable: Sequence[str]) -> Finding:
    """The finding that triggers of a foreign key are disabled; `enable` are the statements that enable them."""
    message = f"is declared as enforced, but {len(enable)} of its triggers are disabled."
    return finding(
        "schema.E017",
        subject,
        message,
        f"As a superuser: {' '.join(enable)} Then verify again.",
        declared="enforced",
        found=f"{pluralize(len(enable), 'trigger')} disabled",
    )


def key_extra(subject: str, *, found: str, alter: str, name: str) -> Finding:
    """The finding that an existing foreign key is not declared."""
    hint = f"Declare it in the model, or drop it: ALTER TABLE {alter} DROP CONSTRAINT {quote_identifier(name)};"
    return finding("schema.E018", subject, f"is not declared, but exists as {found}.", hint, found=found)


def enum_missing(name: str, *, declared: str, is_pending: bool, create: str) -> Finding:
    """The finding that a declared enum type does not exist; `create` is the statement that creates it."""
    hint = PENDING if is_pending else create
    return finding(
        "schema.E019",
        name,
        f"is declared as an enum of {declared}, but does not exist.",
        hint,
        declared=f"an enum of {declared}",
    )


def enum_differs(name: str, *, declared: str, found: str) -> Finding:
    """The finding that an enum type has other labels than declared, or another order."""
    return finding(
        "schema.E020",
        name,
        f"is declared as an enum of {declared}, but has {found}.",
        BY_HAND,
        declared=f"an enum of {declared}",
        found=found,
    )


def constraint_missing(subject: str, *, declared: str, add: str) -> Finding:
    """The finding that a declared constraint does not exist; `add` is the statement that adds it."""
    return finding("schema.E021", subject, f"is declared as {declared}, but does not exist.", add, declared=declared)


def constraint_differs(subject: str, *, declared: str, found: str, replace: str) -> Finding:
    """The finding that a constraint has another definition or is not valid; `replace` is the SQL that corrects it."""
    return finding(
        "schema.E022", subject, f"is declared as {declared}, but is {found}.", replace, declared=declared, found=found
    )


def constraint_extra(subject: str, *, found: str, alter: str, name: str) -> Finding:
    """The finding that an existing constraint is not declared."""
    hint = f"Declare it in the model, or drop it: ALTER TABLE {alter} DROP CONSTRAINT {quote_identifier(name)};"
    return finding("schema.E023", subject, f"is not declared, but exists as {found}.", hint, found=found)


def orphans(subject: str, *, values: int, rows: int, target: str, key: str, has_maker: bool) -> Finding:
    """The finding that rows have no parent, which may be so even for a foreign key that is marked valid.

    `key` is a clause about the foreign key, empty where there is nothing to say.
    """
    hint = f"Create the missing rows of {target}, or correct these references."
    if has_maker:
        hint = "python manage.py backfill_placeholders; correct in the application what it refuses."
    message = f"holds {pluralize(values, 'value')} in {pluralize(rows, 'row')} with no row in {target}{key}."
    return finding("schema.E024", subject, message, hint)


def table_is_other(table: str, *, found: str, made_by: str | None) -> Finding:
    """The finding that the name of a declared table belongs to something else, such as a view.

    `made_by` is the migration that makes the table, as arguments of `sqlmigrate`; None where that is not known.
    """
    hint = f"Rename or drop it, then put the table back, from a backup if it held rows.{_sqlmigrate(made_by)}"
    return finding(
        "schema.E025", table, f"is declared as a table, but is {found}.", hint, declared="a table", found=found
    )


def column_serial(subject: str) -> Finding:
    """The finding that a column is serial, as Django before 4.1 made it, instead of an identity column."""
    message = "is declared as an identity column, but is a serial column, as Django before 4.1 made it. Both work."
    return finding(
        "schema.I002", subject, message, "Nothing to do.", declared="an identity column", found="a serial column"
    )


def comment_differs(subject: str) -> Finding:
    """The finding that a table or column has another comment than declared."""
    message = "is declared with another comment than it has. Comments change nothing."
    return finding("schema.I003", subject, message, "Put it back with COMMENT ON, or leave it.")


def many_to_many_id(subject: str, *, declared: str, found: str) -> Finding:
    """The finding that the id of a many-to-many table still has an older type.

    It is the type that DEFAULT_AUTO_FIELD named when the table was made.
    """
    message = f"is declared as {declared}, but is {found}: Django keeps the type that such a table was created with."
    return finding(
        "schema.I004", subject, message, "Nothing to do while its numbers last.", declared=declared, found=found
    )


def placeholders_left(table: str, *, count: int) -> Finding:
    """The finding that a parent table still holds placeholders."""
    message = f"holds {pluralize(count, 'placeholder')} still to be resolved."
    hint = "For each: merge it into the person's record; never edit it into a person."
    return finding("schema.I001", table, message, hint)
