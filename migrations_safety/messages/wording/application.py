"""Wording of the findings about the release that runs while `migrate` works, and about its statements."""

from migrations_safety.messages.findings import Finding, finding

NAMED = 6
"""How many constraints of a migration are named; of the others only their number is told."""


def dropped(subject: str, *, migration: str, operation: int, is_column: bool, blocks_new: bool) -> Finding:
    """The finding that the plan drops a table or column of the models before the plan."""
    message = f"is dropped by {migration}, and the running release uses it."
    if blocks_new:
        message += " The new release cannot add rows before that, because the column is NOT NULL without a default."
    if is_column:
        first = "null=True and " if blocks_new else ""
        hint = (
            f"In one release {first}SeparateDatabaseAndState(state_operations=[RemoveField(…)]), in the next one "
            "RunSQL with the DROP COLUMN."
        )
    else:
        hint = (
            "In one release SeparateDatabaseAndState(state_operations=[DeleteModel(…)]), in the next one RunSQL with "
            "the DROP TABLE."
        )
    return finding("application.W001", subject, message, hint, migration=migration, operation=operation)


def renamed(subject: str, *, migration: str, operation: int, name: str, is_column: bool) -> Finding:
    """The finding that the plan renames a table or column of the models before the plan."""
    message = f'is renamed to "{name}" by {migration}. The running release needs the old name, the new release the new.'
    old = subject.rpartition(".")[2].strip('"')
    keep = f"db_column='{old}' on the field" if is_column else f"db_table='{old}' in the model's Meta"
    hint = f"To rename in Python alone: {keep}, with the RenameField in state_operations of SeparateDatabaseAndState."
    if not is_column:
        hint = hint.replace("RenameField", "RenameModel")
    return finding("application.W002", subject, message, hint, migration=migration, operation=operation)


def retyped(subject: str, *, migration: str, operation: int, types: str, is_narrower: bool) -> Finding:
    """The finding that the plan gives a column a type that does not fit the running release; `types` names both."""
    why = "may write values that do not fit" if is_narrower else "expects the old type"
    message = f"changes from {types} in {migration}, and the running release {why}."
    hint = (
        "Let a release that keeps to the new limit run first, for example with a validator."
        if is_narrower
        else "AddField a new column, copy the values, use it in the next release, and RemoveField the old one after it."
    )
    return finding("application.W003", subject, message, hint, migration=migration, operation=operation)


def value_missing(subject: str, *, migration: str, operation: int) -> Finding:
    """The finding that INSERTs of the running release fail, because they leave out a value that is required."""
    message = (
        f"is NOT NULL without a default in the database after {migration}, and the running release writes no value "
        "into it, so its INSERTs fail."
    )
    hint = "Give the field a db_default. Or null=True now, and null=False once every running release writes the column."
    return finding("application.W004", subject, message, hint, migration=migration, operation=operation)


def null_forbidden(subject: str, *, migration: str, operation: int) -> Finding:
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
    more = len(constraints) - NAMED
    named = ", ".join(constraints[:NAMED]) + (f" and {more} more" if more > 0 else "")
    message = f"adds constraints that the running release does not know: {named}."
    hint = "Check that the running release writes no rows that violate them."
    return finding("application.I001", migration, message, hint, migration=migration)
