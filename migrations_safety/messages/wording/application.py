"""Wording of the findings about the release that runs while `migrate` works, and about its statements."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.messages.sqlstates import meaning

THE_APPLICATION = "the application"
SHOWN = 120
"""How many characters of a statement are shown."""


def dropped(
    subject: str,
    *,
    migration: str,
    operation: int | None,
    is_column: bool,
    blocks_new: bool,
    is_backwards: bool,
) -> Finding:
    """The finding that the plan drops a table or column of the models before the plan."""
    message = f"is dropped by {migration}, and the running release uses it."
    if blocks_new:
        message += " The new release cannot add rows before that, because the column is NOT NULL without a default."
    what, drop = ("RemoveField(…)", "DROP COLUMN") if is_column else ("DeleteModel(…)", "DROP TABLE")
    first = "AlterField(… db_default=…) and " if blocks_new else ""
    hint = (
        f"In one release {first}SeparateDatabaseAndState(state_operations=[{what}]), in the next one RunSQL with the "
        f"{drop}."
    )
    if is_backwards:
        hint = "Roll back the release first, to one that does not use it."
    return finding("application.W001", subject, message, hint, migration=migration, operation=operation)


def renamed(subject: str, *, migration: str, operation: int | None, name: str, is_column: bool) -> Finding:
    """The finding that the plan renames a table or column of the models before the plan."""
    message = f'is renamed to "{name}" by {migration}. The running release needs the old name, the new release the new.'
    old = subject.rpartition(".")[2].strip('"')
    hint = f"To rename in Python alone: AlterField with db_column='{old}', then RenameField."
    if not is_column:
        hint = f"To rename in Python alone: AlterModelTable to '{old}', then RenameModel."
    return finding("application.W002", subject, message, hint, migration=migration, operation=operation)


def retyped(subject: str, *, migration: str, operation: int | None, types: str, is_narrower: bool) -> Finding:
    """The finding that the plan gives a column a type that does not fit the running release; `types` names both."""
    why = "may write values that do not fit" if is_narrower else "expects the old type"
    message = f"changes from {types} in {migration}, and the running release {why}."
    hint = (
        "Let a release that keeps to the new limit run first, for example with a validator."
        if is_narrower
        else "AddField a new column, copy the values, use it in the next release, and RemoveField the old one after it."
    )
    return finding("application.W003", subject, message, hint, migration=migration, operation=operation)


def value_missing(subject: str, *, migration: str, operation: int | None) -> Finding:
    """The finding that INSERTs of the running release fail, because they leave out a value that is required."""
    message = (
        f"is NOT NULL without a default in the database after {migration}, and the running release writes no value "
        "into it, so its INSERTs fail."
    )
    hint = "Give the field a db_default. Or null=True now, and null=False once every running release writes the column."
    return finding("application.W004", subject, message, hint, migration=migration, operation=operation)


def null_forbidden(subject: str, *, migration: str, operation: int | None) -> Finding:
    """The finding that INSERTs of the running release fail where they write NULL into a column."""
    message = (
        f"becomes NOT NULL in {migration}, without a default in the database. The running release may still write NULL "
        "into it, and then fails."
    )
    hint = "Let a release run first that always writes a value: the field with a default, still null=True."
    return finding("application.W006", subject, message, hint, migration=migration, operation=operation)


def both_kinds(migration: str, *, before: str, after: str) -> Finding:
    """The finding that one migration has operations of both kinds; `before` and `after` name their numbers."""
    message = f"has what the new release needs ({before}) and takes away what the running release needs ({after})."
    hint = f"Split the migration in two, and apply {after} after the rollout."
    return finding("application.W005", migration, message, hint, migration=migration)


def new_constraints(migration: str, *, constraints: list[str]) -> Finding:
    """The finding that a migration limits existing tables in a way that the running release does not know."""
    message = f"adds constraints that the running release does not know: {listed(constraints, most=6)}."
    hint = "Check that the running release writes no rows that violate them."
    return finding("application.I001", migration, message, hint, migration=migration)


def statements_fail(migration: str, *, statements: int, calls: str, code: str, example: str) -> Finding:
    """The finding that statements of the application fail after a migration.

    `example` is the one called most. `calls` says how often all were called; it is empty where that is not known.
    """
    number = pluralize(statements, "statement") + " of the application"
    called = f" ({calls})" if calls else ""
    shown = example if len(example) <= SHOWN else f"{example[: SHOWN - 1]}…"
    message = f"makes {number}{called} fail with {meaning(code)}: {shown}."
    hint = (
        "Change the program first, or keep what it needs. If only an earlier release sends it: SELECT "
        "pg_stat_statements_reset(); and look again later. --format json lists all of them."
    )
    return finding("application.W007", migration, message, hint, migration=migration)


def not_examined(*, because: str) -> Finding:
    """The finding that the statements of the application could not be read, and why."""
    message = f"was not examined: {because}. What breaks in it is judged by the models alone."
    hint = "CREATE EXTENSION pg_stat_statements; or python manage.py precheck --application-statements FILE."
    return finding("application.I002", THE_APPLICATION, message, hint)


def examined(*, source: str, statements: int, since: str, left_out: str) -> Finding:
    """The finding how many statements of the application were examined, and how many of which kind were not."""
    counted = f", counted since {since}" if since else ""
    message = f"was examined: {pluralize(statements, 'statement')} of {source}{counted}."
    message += f" Not examined: {left_out}." if left_out else ""
    message += " A missing value of a NOT NULL column does not show in this; the models tell it."
    hint = "python manage.py precheck --application-statements FILE examines others."
    return finding("application.I003", THE_APPLICATION, message, hint)
