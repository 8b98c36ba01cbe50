"""Wording of the findings about a rollback: what it loses, and where it would stop half way."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

DROPPED_BY_HAND = "then migrate … --skip-precheck rolls back regardless."
TRY_IT = "Try it on a copy of the database."


def irreversible(migration: str, *, operation: str) -> Finding:
    """Django stops there, after it has unapplied everything that came later."""
    app, _, name = migration.partition(".")
    message = (
        f"cannot be unapplied: {operation} has no reverse. Django would notice only after unapplying everything later."
    )
    hint = (
        "Give it a reverse (reverse_code, reverse_sql; RunPython.noop or RunSQL.noop where nothing has to be undone). "
        f"Or roll back no further than: python manage.py migrate {app} {name}"
    )
    return finding("rollback.E001", migration, message, hint)


def values_dropped(subject: str, *, dump: str, rows: int) -> Finding:
    """A column of an app that registered its schema; what it was filled with when it was made does not count."""
    message = f"holds values in {pluralize(rows, 'row')} that the rollback would drop with the column."
    return finding("rollback.E002", subject, message, f"{_keep(dump)}; {DROPPED_BY_HAND}")


def values_dropped_of_others(subject: str, *, dump: str, rows: int) -> Finding:
    """The same of an app that registered no schema: it is said, and left to who asked for it."""
    message = f"holds values in {pluralize(rows, 'row')} that the rollback drops with the column."
    return finding("rollback.W001", subject, message, f"{_keep(dump)}.")


def baseline_holds_rows(table: str, *, rows: int, migration: str) -> Finding:
    """`migrate` refuses that with `--skip-precheck` too."""
    app, _, name = migration.partition(".")
    message = f"holds {pluralize(rows, 'row')}, and unapplying {migration}, which adopts it, would drop it."
    hint = f"python manage.py migrate {app} {name} rolls back as far as this table and no further."
    return finding("rollback.E003", table, message, hint)


def null_in_required_column(subject: str, *, rows: int, migration: str) -> Finding:
    """PostgreSQL refuses SET NOT NULL with SQLSTATE 23502."""
    message = (
        f"is NULL in {pluralize(rows, 'row')}. Unapplying {migration} makes it NOT NULL, which PostgreSQL refuses."
    )
    return finding("rollback.E004", subject, message, "Give these rows a value first, then run precheck again.")


def required_column_empty(subject: str, *, rows: int, migration: str) -> Finding:
    """The column comes back NOT NULL, without anything to put into the existing rows."""
    message = (
        f"comes back NOT NULL when {migration} is unapplied, but no default fills it in "
        f"{pluralize(rows, 'row')}. PostgreSQL refuses that."
    )
    hint = (
        "Give the field a default or null=True in the migration that created it, or roll back no further than this one."
    )
    return finding("rollback.E005", subject, message, hint)


def values_do_not_fit(subject: str, *, type: str, rows: int, migration: str) -> Finding:
    """PostgreSQL refuses the older type with SQLSTATE 22001 or 22003."""
    message = (
        f"holds values in {pluralize(rows, 'row')} that are too long or too large for {type}, its type before "
        f"{migration}. PostgreSQL refuses the rollback."
    )
    hint = f"Shorten these values, or roll back no further than {migration}."
    return finding("rollback.E006", subject, message, hint)


def values_cut(subject: str, *, type: str, rows: int, dump: str) -> Finding:
    """The older type takes them after cutting or rounding them; of an app that registered its schema."""
    message = f"holds values in {pluralize(rows, 'row')} that the rollback would cut or round to {type}."
    return finding("rollback.E007", subject, message, f"{_keep(dump)}; {DROPPED_BY_HAND}")


def values_cut_of_others(subject: str, *, type: str, rows: int, dump: str) -> Finding:
    """The same of an app that registered no schema."""
    message = f"holds values in {pluralize(rows, 'row')} that the rollback cuts or rounds to {type}."
    return finding("rollback.W002", subject, message, f"{_keep(dump)}.")


def type_not_looked_at(subject: str, *, type: str, rows: int) -> Finding:
    """Whether a value has an equal in the older type is for PostgreSQL to say, value by value."""
    message = f"gets its older type {type} again. Whether the values in {pluralize(rows, 'row')} fit was not checked."
    return finding("rollback.W003", subject, message, TRY_IT)


def demand_not_looked_at(table: str, *, what: str, rows: int, migration: str) -> Finding:
    """A constraint comes back; the rows may have come in without it."""
    message = (
        f"gets {what} again when {migration} is unapplied. "
        f"Whether its {pluralize(rows, 'row')} allow that was not checked."
    )
    return finding("rollback.W004", table, message, TRY_IT)


def opaque(migration: str, *, operations: str) -> Finding:
    """Code or SQL of the project runs in the rollback."""
    message = f"runs code or SQL of its own when it is unapplied, which was not checked: {operations}."
    return finding("rollback.W005", migration, message, "Read what it does to the existing rows.")


def length_not_judged(migration: str, *, operations: str) -> Finding:
    """Indexes that are built, columns that are checked or written anew: they take as long as the table is large."""
    message = (
        f"reads or rewrites whole tables under a lock when it is unapplied. How long is not judged yet: {operations}."
    )
    return finding("rollback.I001", migration, message, "Try it on a copy of the database, and time it.")


def name_taken(name: str, *, found: str, migration: str) -> Finding:
    """The rollback creates a table, or gives one its older name."""
    message = f"exists already as {found}, but unapplying {migration} needs that name for a table."
    return finding("rollback.E008", name, message, "Rename or drop it if nothing needs it, then run precheck again.")


def name_may_be_freed(name: str, *, found: str, migration: str, code: str) -> Finding:
    """The same, after code that may free the name."""
    message = (
        f"exists already as {found}, but unapplying {migration} needs that name for a table. "
        f"Whether the code of {code} frees it before is unknown."
    )
    return finding("rollback.W009", name, message, _read_back(code))


def not_there(subject: str) -> Finding:
    """Somebody dropped or renamed it by hand."""
    message = "does not exist, but the rollback has to change or drop it and would stop there."
    return finding("rollback.E009", subject, message, "Put it back by hand, or check that this is the right database.")


def may_come_back(subject: str, *, code: str) -> Finding:
    """The same, after code that may create it, or give it that name."""
    message = (
        "does not exist, but the rollback has to change or drop it. "
        f"Whether the code of {code} creates it before is unknown."
    )
    return finding("rollback.W008", subject, message, _read_back(code))


def falls_with_it(name: str, *, kind: str, subject: str) -> Finding:
    """Django drops with CASCADE."""
    message = f"is {kind} that depends on {subject}, so the rollback drops it too."
    return finding("rollback.W006", name, message, "Keep its definition first, and create it again afterwards.")


def in_the_way(name: str, *, kind: str, subject: str) -> Finding:
    """PostgreSQL refuses with SQLSTATE 2BP01 (a column is dropped) or 0A000 (its type changes)."""
    message = f"is {kind} that depends on {subject}. PostgreSQL refuses the rollback as long as it exists."
    return finding("rollback.E010", name, message, "Keep its definition, drop it, and create it again afterwards.")


def not_counted(*, tables: list[str]) -> Finding:
    """Only the catalog was read."""
    message = f"drops or changes the contents of {', '.join(tables)}, which were not checked (--no-data)."
    return finding("rollback.W007", "the rollback", message, "python manage.py precheck checks it, without --no-data.")


def _read_back(code: str) -> str:
    return f"Read what the code of {code} does when it is unapplied, or try the rollback on a copy of the database."


def _keep(dump: str) -> str:
    """`dump` is the table as `pg_dump --table` wants it."""
    return f"Keep them first: pg_dump --table '{dump}'"
