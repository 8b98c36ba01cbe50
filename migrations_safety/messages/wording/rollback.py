"""Wording of the findings about the way back: what it loses, and where it would stop half way."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

DROPPED_BY_HAND = "then migrate … --skip-precheck goes back regardless."


def irreversible(migration: str, *, operation: str) -> Finding:
    """Django stops there, after it has taken back everything that came later."""
    app, _, name = migration.partition(".")
    message = (
        f"cannot be taken back: {operation} has no reverse. Everything after it would be undone before that shows."
    )
    hint = (
        "Give it one (reverse_code, reverse_sql; RunPython.noop or RunSQL.noop where nothing is to be undone), or go "
        f"back no further than: python manage.py migrate {app} {name}"
    )
    return finding("rollback.E001", migration, message, hint)


def values_dropped(subject: str, *, dump: str, rows: int) -> Finding:
    """A column of an app that registered its schema; what it was filled with when it was made does not count."""
    message = f"holds values in {pluralize(rows, 'row')} that the way back would drop with the column."
    return finding("rollback.E002", subject, message, f"{_keep(dump)}; {DROPPED_BY_HAND}")


def values_dropped_of_others(subject: str, *, dump: str, rows: int) -> Finding:
    """The same of an app that registered no schema: it is said, and left to who asked for it."""
    message = f"holds values in {pluralize(rows, 'row')} that the way back drops with the column."
    return finding("rollback.W001", subject, message, f"{_keep(dump)}.")


def baseline_holds_rows(table: str, *, rows: int, migration: str) -> Finding:
    """`migrate` refuses that with `--skip-precheck` too."""
    app, _, name = migration.partition(".")
    message = f"holds {pluralize(rows, 'row')}; {migration} stands for it, and taking that back would drop it."
    hint = f"python manage.py migrate {app} {name} goes back as far as this table and no further."
    return finding("rollback.E003", table, message, hint)


def null_in_required_column(subject: str, *, rows: int, migration: str) -> Finding:
    """PostgreSQL refuses SET NOT NULL with SQLSTATE 23502."""
    message = (
        f"is NULL in {pluralize(rows, 'row')}; taking {migration} back makes it NOT NULL, which PostgreSQL refuses."
    )
    return finding("rollback.E004", subject, message, "Give these rows a value first, then run precheck again.")


def required_column_empty(subject: str, *, rows: int, migration: str) -> Finding:
    """The column comes back NOT NULL, without anything to put into the rows that are there."""
    there = f"{pluralize(rows, 'row')} that {'is' if rows == 1 else 'are'} there"
    message = f"comes back NOT NULL when {migration} is taken back, with no default for {there}: PostgreSQL refuses it."
    hint = "Give the field a default or null=True in the migration that made it, or go back no further than this one."
    return finding("rollback.E005", subject, message, hint)


def values_do_not_fit(subject: str, *, type: str, rows: int, migration: str) -> Finding:
    """PostgreSQL refuses the older type with SQLSTATE 22001 or 22003."""
    message = (
        f"holds values in {pluralize(rows, 'row')} that are too long or too large for {type}, its type before "
        f"{migration}: PostgreSQL refuses the way back."
    )
    return finding("rollback.E006", subject, message, f"Shorten these values, or go back no further than {migration}.")


def values_cut(subject: str, *, type: str, rows: int, dump: str) -> Finding:
    """The older type takes them after cutting or rounding them; of an app that registered its schema."""
    message = f"holds values in {pluralize(rows, 'row')} that the way back would cut or round to {type}."
    return finding("rollback.E007", subject, message, f"{_keep(dump)}; {DROPPED_BY_HAND}")


def values_cut_of_others(subject: str, *, type: str, rows: int, dump: str) -> Finding:
    """The same of an app that registered no schema."""
    message = f"holds values in {pluralize(rows, 'row')} that the way back cuts or rounds to {type}."
    return finding("rollback.W002", subject, message, f"{_keep(dump)}.")


def type_not_looked_at(subject: str, *, type: str, rows: int) -> Finding:
    """Whether a value has an equal in the older type is for PostgreSQL to say, value by value."""
    message = f"gets its older type {type} again; whether the values in {pluralize(rows, 'row')} fit was not looked at."
    return finding("rollback.W003", subject, message, "Try it on a copy of the database.")


def demand_not_looked_at(table: str, *, what: str, rows: int, migration: str) -> Finding:
    """A constraint comes back; the rows may have come in without it."""
    message = f"gets {what} again when {migration} is taken back; whether its {pluralize(rows, 'row')} allow it was not"
    return finding("rollback.W004", table, f"{message} looked at.", "Try it on a copy of the database.")


def opaque(migration: str, *, operations: str) -> Finding:
    """Code or SQL of the project runs on the way back."""
    message = f"runs code or SQL of its own when it is taken back, which was not looked at: {operations}."
    return finding("rollback.W005", migration, message, "Read what it does to the rows that are there.")


def length_not_judged(migration: str, *, operations: str) -> Finding:
    """Indexes that are built, columns that are checked or written anew: they take as long as the table is large."""
    message = (
        f"reads or rewrites whole tables under a lock when it is taken back; how long is not judged yet: {operations}."
    )
    return finding("rollback.I001", migration, message, "Try it on a copy of the database, and time it.")


def name_taken(name: str, *, found: str, migration: str) -> Finding:
    """The way back makes a table, or gives one its older name."""
    message = f"is there already as {found}; taking {migration} back needs that name for a table."
    return finding("rollback.E008", name, message, "Rename or drop it, if nothing needs it; then run precheck again.")


def name_may_be_freed(name: str, *, found: str, migration: str, code: str) -> Finding:
    """The same, after code that may free the name."""
    message = f"is there already as {found}; taking {migration} back needs that name for a table, and whether the code"
    return finding("rollback.W009", name, f"{message} of {code} frees it before is not known.", _read_back(code))


def not_there(subject: str) -> Finding:
    """Somebody dropped or renamed it by hand."""
    message = "is not there, and the way back has to change or drop it: it would stop there."
    return finding("rollback.E009", subject, message, "Put it back by hand, or check that this is the right database.")


def may_come_back(subject: str, *, code: str) -> Finding:
    """The same, after code that may make it, or give it that name."""
    message = f"is not there, and the way back has to change or drop it; whether the code of {code} brings it before"
    return finding("rollback.W008", subject, f"{message} is not known.", _read_back(code))


def falls_with_it(name: str, *, kind: str, subject: str) -> Finding:
    """Django drops with CASCADE."""
    message = f"is {kind} that stands on {subject}: the way back drops it too."
    return finding("rollback.W006", name, message, "Keep its definition first, and make it again afterwards.")


def in_the_way(name: str, *, kind: str, subject: str) -> Finding:
    """PostgreSQL refuses with SQLSTATE 2BP01 (a column is dropped) or 0A000 (its type changes)."""
    message = f"is {kind} that stands on {subject}: PostgreSQL refuses to take that back as long as it is there."
    return finding("rollback.E010", name, message, "Keep its definition, drop it, and make it again afterwards.")


def not_counted(*, tables: list[str]) -> Finding:
    """Only the catalog was read."""
    message = f"drops or changes what {', '.join(tables)} may hold; that was not looked at (--no-data)."
    return finding("rollback.W007", "the way back", message, "python manage.py precheck looks, without --no-data.")


def _read_back(code: str) -> str:
    return f"Read what the code of {code} does when it is taken back, or try the way back on a copy of the database."


def _keep(dump: str) -> str:
    """`dump` is the table as `pg_dump --table` wants it."""
    return f"Keep them first: pg_dump --table '{dump}'"
