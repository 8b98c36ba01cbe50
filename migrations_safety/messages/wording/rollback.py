"""Wording of the findings about unapplying migrations: what it deletes, and where it would stop half way."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

DROPPED_BY_HAND = "then migrate … --skip-precheck rolls back regardless."
TRY_IT = "Try it on a copy of the database."


def irreversible(migration: str, *, operation: str) -> Finding:
    """The finding that an operation has no reverse, where Django would stop after unapplying all later migrations."""
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
    """The finding that the rollback drops a column with values, in an app that registered its schema.

    Values with which the column was filled when it was created do not count.
    """
    message = f"holds values in {pluralize(rows, 'row')} that the rollback would drop with the column."
    return finding("rollback.E002", subject, message, f"{_keep(dump)}; {DROPPED_BY_HAND}")


def values_dropped_of_others(subject: str, *, dump: str, rows: int) -> Finding:
    """The finding that the rollback drops a column with values, in an app that registered no schema; it only warns."""
    message = f"holds values in {pluralize(rows, 'row')} that the rollback drops with the column."
    return finding("rollback.W001", subject, message, f"{_keep(dump)}.")


def baseline_holds_rows(table: str, *, rows: int, migration: str) -> Finding:
    """The finding that the rollback drops an adopted table with rows; `--skip-precheck` does not allow that either."""
    app, _, name = migration.partition(".")
    message = f"holds {pluralize(rows, 'row')}, and unapplying {migration}, which adopts it, would drop it."
    hint = f"python manage.py migrate {app} {name} rolls back as far as this table and no further."
    return finding("rollback.E003", table, message, hint)


def null_in_required_column(subject: str, *, rows: int, migration: str) -> Finding:
    """The finding that a column with NULLs becomes NOT NULL again, which PostgreSQL refuses (SQLSTATE 23502)."""
    message = (
        f"is NULL in {pluralize(rows, 'row')}. Unapplying {migration} makes it NOT NULL, which PostgreSQL refuses."
    )
    return finding("rollback.E004", subject, message, "Give these rows a value first, then run precheck again.")


def required_column_empty(subject: str, *, rows: int, migration: str) -> Finding:
    """The finding that a NOT NULL column is added again, but no default gives the existing rows a value."""
    message = (
        f"comes back NOT NULL when {migration} is unapplied, but no default fills it in "
        f"{pluralize(rows, 'row')}. PostgreSQL refuses that."
    )
    hint = (
        "Give the field a default or null=True in the migration that created it, or roll back no further than this one."
    )
    return finding("rollback.E005", subject, message, hint)


def values_do_not_fit(subject: str, *, type: str, rows: int, migration: str) -> Finding:
    """The finding that values do not fit the older type, which PostgreSQL refuses (SQLSTATE 22001 or 22003)."""
    message = (
        f"holds values in {pluralize(rows, 'row')} that are too long or too large for {type}, its type before "
        f"{migration}. PostgreSQL refuses the rollback."
    )
    hint = f"Shorten these values, or roll back no further than {migration}."
    return finding("rollback.E006", subject, message, hint)


def values_cut(subject: str, *, type: str, rows: int, dump: str) -> Finding:
    """The finding that the older type cuts or rounds values, in an app that registered its schema."""
    message = f"holds values in {pluralize(rows, 'row')} that the rollback would cut or round to {type}."
    return finding("rollback.E007", subject, message, f"{_keep(dump)}; {DROPPED_BY_HAND}")


def values_cut_of_others(subject: str, *, type: str, rows: int, dump: str) -> Finding:
    """The finding that the older type cuts or rounds values, in an app that registered no schema; it only warns."""
    message = f"holds values in {pluralize(rows, 'row')} that the rollback cuts or rounds to {type}."
    return finding("rollback.W002", subject, message, f"{_keep(dump)}.")


def type_not_looked_at(subject: str, *, type: str, rows: int) -> Finding:
    """The finding that a column gets its older type, and it was not checked whether the values fit."""
    message = f"gets its older type {type} again. Whether the values in {pluralize(rows, 'row')} fit was not checked."
    return finding("rollback.W003", subject, message, TRY_IT)


def demand_not_looked_at(table: str, *, what: str, rows: int, migration: str) -> Finding:
    """The finding that a constraint is added again, and it was not checked whether the rows satisfy it."""
    message = (
        f"gets {what} again when {migration} is unapplied. "
        f"Whether its {pluralize(rows, 'row')} allow that was not checked."
    )
    return finding("rollback.W004", table, message, TRY_IT)


def opaque(migration: str, *, operations: str) -> Finding:
    """The finding that the rollback runs code or SQL of the project, which was not checked."""
    message = f"runs code or SQL of its own when it is unapplied, which was not checked: {operations}."
    return finding("rollback.W005", migration, message, "Read what it does to the existing rows.")


def length_not_judged(migration: str, *, operations: str) -> Finding:
    """The finding that the rollback reads or rewrites whole tables, for example to build an index."""
    message = (
        f"reads or rewrites whole tables under a lock when it is unapplied. How long is not judged yet: {operations}."
    )
    return finding("rollback.I001", migration, message, "Try it on a copy of the database, and time it.")


def name_taken(name: str, *, found: str, migration: str) -> Finding:
    """The finding that the rollback needs a name for a table, and the name is taken."""
    message = f"exists already as {found}, but unapplying {migration} needs that name for a table."
    return finding("rollback.E008", name, message, "Rename or drop it if nothing needs it, then run precheck again.")


def name_may_be_freed(name: str, *, found: str, migration: str, code: str) -> Finding:
    """The finding that such a name is taken now, but earlier code of the rollback may free it."""
    message = (
        f"exists already as {found}, but unapplying {migration} needs that name for a table. "
        f"Whether the code of {code} frees it before is unknown."
    )
    return finding("rollback.W009", name, message, _read_back(code))


def not_there(subject: str) -> Finding:
    """The finding that the rollback has to change or drop an object that does not exist."""
    message = "does not exist, but the rollback has to change or drop it and would stop there."
    return finding("rollback.E009", subject, message, "Put it back by hand, or check that this is the right database.")


def may_come_back(subject: str, *, code: str) -> Finding:
    """The finding that such an object does not exist now, but earlier code of the rollback may create it."""
    message = (
        "does not exist, but the rollback has to change or drop it. "
        f"Whether the code of {code} creates it before is unknown."
    )
    return finding("rollback.W008", subject, message, _read_back(code))


def falls_with_it(name: str, *, kind: str, subject: str) -> Finding:
    """The finding that the rollback also drops a dependent object, because Django drops with CASCADE."""
    message = f"is {kind} that depends on {subject}, so the rollback drops it too."
    return finding("rollback.W006", name, message, "Keep its definition first, and create it again afterwards.")


def in_the_way(name: str, *, kind: str, subject: str) -> Finding:
    """The finding that a dependent object stops the rollback.

    PostgreSQL refuses to drop the column (SQLSTATE 2BP01) or to change its type (0A000).
    """
    message = f"is {kind} that depends on {subject}. PostgreSQL refuses the rollback as long as it exists."
    return finding("rollback.E010", name, message, "Keep its definition, drop it, and create it again afterwards.")


def not_counted(*, tables: list[str]) -> Finding:
    """The finding that the contents of the tables were not checked, because of --no-data."""
    message = f"drops or changes the contents of {', '.join(tables)}, which were not checked (--no-data)."
    return finding("rollback.W007", "the rollback", message, "python manage.py precheck checks it, without --no-data.")


def _read_back(code: str) -> str:
    return f"Read what the code of {code} does when it is unapplied, or try the rollback on a copy of the database."


def _keep(dump: str) -> str:
    """Return the hint; `dump` is the name of the table for `pg_dump --table`."""
    return f"Keep them first: pg_dump --table '{dump}'"
