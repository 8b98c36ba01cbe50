"""Refusals of `backfill_placeholders`, and of what an app has registered for it."""

from __future__ import annotations

from migrations_safety.messages.refusals.base import Refusal

WITHOUT_NULLIFY = "Run backfill_placeholders without --nullify for this table."


class NotNullable(Refusal):
    """Raised where `--nullify` names a table whose foreign-key column is NOT NULL."""

    id = "references.E004"
    message = 'The column {table}."{column}" is NOT NULL, so its references cannot be set to NULL. Nothing was changed.'
    hint = WITHOUT_NULLIFY


class RowsWithoutName(Refusal):
    """Raised where a table has no unique column, so that an old value could not be restored in its row."""

    message = (
        "{table} has no unique column that identifies its rows, so old values could not be kept. Nothing was changed."
    )
    hint = WITHOUT_NULLIFY


class NotNullified(Refusal):
    """Raised where a trigger or rule prevents that values are set to NULL."""

    message = "{rows} of {table} without a parent could not be set to NULL. The others were set to NULL."
    hint = "Find the trigger or rule on the table that keeps the old value. Then run the same command again."


class NullifyOnCoordinator(Refusal):
    """Raised where Citus keeps the tables on a worker, which cannot keep an old value in the statement that ends it."""

    message = (
        "{schema} is a distributed schema of Citus. There a reference cannot be set to NULL and its old value be kept "
        "in one statement, nor be restored. Nothing was changed."
    )
    hint = "Run backfill_placeholders without --nullify, or first undo the distribution (citus_schema_undistribute)."


class UnknownReference(Refusal):
    """Raised where `--nullify` names a table without a foreign key to a registered parent table."""

    message = "{table} has no references that this backfill covers. Nothing was changed."

    def __init__(self, *, table: str, known: list[str]) -> None:
        super().__init__(table=table)
        self.hint = f"--nullify takes one of: {', '.join(known)}."


class TablesRefused(Refusal):
    """Raised where the parent tables do not exist yet, and `precheck` blocks the migration that makes them."""

    message = "{migration} must create its tables first, but precheck blocks it: {findings}. Nothing was changed."

    def __init__(self, *, migration: str, findings: str) -> None:
        super().__init__(migration=migration, findings=findings)
        app, _, name = migration.partition(".")
        self.hint = f"python manage.py precheck {app} {name} shows all findings."


class IdPatternRefused(Refusal):
    """Raised where MIGRATIONS_SAFETY_ID_PATTERN is no regular expression, or matches names and the like."""

    message = "The setting {name} cannot be used: {reason}. Nothing was checked."

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(name=name, reason=reason)
        self.hint = f"Set {name} to a regular expression of PostgreSQL for a whole id, such as [A-Z]{{3}}-[0-9]{{6}}."


class NothingRegistered(Refusal):
    """Raised where a command needs something that no app has registered."""

    message = "No app has registered {what}."
    hint = "Register it in the app's AppConfig.ready(); docs/other-projects.md shows how."
