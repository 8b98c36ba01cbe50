"""Wording of the findings about what a plan does besides its keys: what it needs, drops, and hides."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

MIGRATE_PLAN = (
    "python manage.py migrate --plan lists them, python manage.py sqlmigrate APP NAME prints their statements."
)
THE_PLAN = "the plan"


def not_there(subject: str, *, migration: str, found: str) -> Finding:
    """Something that a pending migration alters does not exist."""
    message = f"does not exist{found}, but {migration} alters it, so the migration would fail."
    hint = "Find out who dropped or moved it, and put it back. Or take the operation out of the migration."
    return finding("plan.E001", subject, message, hint)


def may_come(subject: str, *, migration: str, code: str) -> Finding:
    """The same, after code that may create it."""
    message = f"does not exist, but {migration} alters it. Whether the code of {code} creates it before is unknown."
    return finding("plan.W005", subject, message, f"Read the code of {code}.")


def runs_code(*, kinds: str) -> Finding:
    """SQL and Python of the migrations, and operations of other packages."""
    message = f"runs code that was not checked: {kinds}."
    return finding("plan.W001", THE_PLAN, message, "Read it, and try it on a copy of the database.")


def not_judged(operations: int, *, kinds: str) -> Finding:
    """All other operations on existing tables."""
    message = f"has {pluralize(operations, 'operation')} whose locks, rewrites and losses are not judged yet: {kinds}."
    return finding("plan.I001", THE_PLAN, message, MIGRATE_PLAN)


def table_dropped(table: str, *, dump: str, migration: str, again: str) -> Finding:
    """A table with rows goes."""
    message = f"holds rows, and {migration} drops it{again}."
    return finding("plan.W002", table, message, _keep(dump))


def column_dropped(subject: str, *, dump: str, migration: str, again: str) -> Finding:
    """A column with values goes."""
    message = f"holds values, and {migration} drops it{again}."
    return finding("plan.W003", subject, message, _keep(dump))


def may_be_dropped(subject: str, *, dump: str, migration: str) -> Finding:
    """Code takes it out of the models, and its text has a word for dropping; whether it does only the code tells."""
    message = (
        f"leaves the models in {migration}, whose code has a word for dropping. "
        "Whether its contents are lost is unknown."
    )
    return finding("plan.W007", subject, message, f"Read the code. To keep it first: pg_dump --table '{dump}'.")


def dropped_unseen(subject: str, *, migration: str, again: str) -> Finding:
    """The same, without a look at what it holds."""
    message = f"is dropped by {migration}{again}. Whether it holds anything was not checked."
    hint = "python manage.py precheck checks it, without --no-data and as a role that may read it."
    return finding("plan.W006", subject, message, hint)


def name_may_be_freed(name: str, *, found: str, migration: str, code: str) -> Finding:
    """A name is taken now, and code before it may free it."""
    message = (
        f"exists already as {found}, but {migration} needs that name. "
        f"Whether the code of {code} frees it before is unknown."
    )
    return finding("plan.W004", name, message, f"Read the code of {code}.")


def _keep(dump: str) -> str:
    """`dump` is the table as `pg_dump --table` wants it."""
    return f"Keep them first: pg_dump --table '{dump}'."
