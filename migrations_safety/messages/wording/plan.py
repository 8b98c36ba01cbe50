"""Wording of the findings about a plan, besides its foreign keys: what it needs, drops, and hides in code."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

MIGRATE_PLAN = (
    "python manage.py migrate --plan lists them, python manage.py sqlmigrate APP NAME prints their statements."
)
THE_PLAN = "the plan"


def not_there(subject: str, *, migration: str, found: str) -> Finding:
    """The finding that a pending migration alters an object that does not exist."""
    message = f"does not exist{found}, but {migration} alters it, so the migration would fail."
    hint = "Find out who dropped or moved it, and put it back. Or take the operation out of the migration."
    return finding("plan.E001", subject, message, hint, migration=migration)


def may_come(subject: str, *, migration: str, code: str) -> Finding:
    """The finding that such an object does not exist now, but earlier code of the plan may create it."""
    message = f"does not exist, but {migration} alters it. Whether the code of {code} creates it before is unknown."
    return finding("plan.W005", subject, message, f"Read the code of {code}.", migration=migration)


def runs_code(*, kinds: str) -> Finding:
    """The finding that the plan runs SQL, Python or custom operation classes, which were not checked."""
    message = f"runs code that was not checked: {kinds}."
    return finding("plan.W001", THE_PLAN, message, "Read it, and try it on a copy of the database.")


def not_judged(operations: int, *, kinds: str) -> Finding:
    """The finding that the plan has other operations on existing tables, which are not judged."""
    message = f"has {pluralize(operations, 'operation')} whose locks, rewrites and losses are not judged yet: {kinds}."
    return finding("plan.I001", THE_PLAN, message, MIGRATE_PLAN)


def table_dropped(table: str, *, dump: str, migration: str, again: str) -> Finding:
    """The finding that the plan drops a table with rows; `dump` is its name for `pg_dump --table`."""
    message = f"holds rows, and {migration} drops it{again}."
    return finding("plan.W002", table, message, _keep(dump), migration=migration)


def column_dropped(subject: str, *, dump: str, migration: str, again: str) -> Finding:
    """The finding that the plan drops a column with values; `dump` is its table for `pg_dump --table`."""
    message = f"holds values, and {migration} drops it{again}."
    return finding("plan.W003", subject, message, _keep(dump), migration=migration)


def may_be_dropped(subject: str, *, dump: str, migration: str) -> Finding:
    """The finding that code may drop a table or column.

    The code removes it from the models, and its text holds a word such as DROP; only reading it shows what it does.
    """
    message = (
        f"leaves the models in {migration}, whose code has a word for dropping. "
        "Whether its contents are lost is unknown."
    )
    return finding(
        "plan.W007",
        subject,
        message,
        f"Read the code. To keep it first: pg_dump --table '{dump}'.",
        migration=migration,
    )


def dropped_unseen(subject: str, *, migration: str, again: str) -> Finding:
    """The finding that the plan drops a table or column whose contents were not checked."""
    message = f"is dropped by {migration}{again}. Whether it holds anything was not checked."
    hint = "python manage.py precheck checks it, without --no-data and as a role that may read it."
    return finding("plan.W006", subject, message, hint, migration=migration)


def name_may_be_freed(name: str, *, found: str, migration: str, code: str) -> Finding:
    """The finding that a name is taken now, but earlier code of the plan may free it."""
    message = (
        f"exists already as {found}, but {migration} needs that name. "
        f"Whether the code of {code} frees it before is unknown."
    )
    return finding("plan.W004", name, message, f"Read the code of {code}.", migration=migration)


def acceptance_expired(migration: str, *, accepts: str, until: str) -> Finding:
    """The finding that a migration accepts another finding only until a day that is over."""
    message = f"accepts {accepts} until {until} only, so that finding counts again."
    hint = "Do what that finding asks for, or give the acceptance a later date and the reason for it."
    return finding("plan.W011", migration, message, hint, migration=migration)


def acceptance_of_fewer_rows(migration: str, *, accepts: str, rows: str, found: str) -> Finding:
    """The finding that a migration accepts another finding for fewer rows than there are, or for an unknown number."""
    message = f"accepts {accepts} for at most {rows}, but {found}, so that finding counts again."
    return finding("plan.W012", migration, message, "Look at the rows, then raise max_rows=.", migration=migration)


def acceptance_unmatched(migration: str, *, accepts: str) -> Finding:
    """The finding that a migration accepts a finding that does not exist."""
    message = f"accepts {accepts}, but there is no such finding."
    hint = "Take the acceptance out of the migration, or correct its id or subject."
    return finding("plan.W013", migration, message, hint, migration=migration)


def acceptance_not_needed(migration: str, *, accepts: str) -> Finding:
    """The finding that a migration accepts a finding about rows or traffic, which this database does not have."""
    message = f"accepts {accepts}, which this database does not have."
    return finding("plan.I010", migration, message, "Nothing to do.", migration=migration)


def _keep(dump: str) -> str:
    """Return the hint; `dump` is the name of the table for `pg_dump --table`."""
    return f"Keep them first: pg_dump --table '{dump}'."
