"""Refusals of the backfill, and of what an app registered for it."""

from __future__ import annotations

from migrations_safety.messages.refusals.base import Refusal

WITHOUT_NULLIFY = "Run backfill_placeholders without --nullify for this table."


class NotNullable(Refusal):
    """The column is NOT NULL."""

    id = "references.E004"
    message = '{table}."{column}" is NOT NULL, so its references cannot be set to NULL. Nothing was changed.'
    hint = WITHOUT_NULLIFY


class RowsWithoutName(Refusal):
    """No unique column, so that an old value could not be put back into its row."""

    message = (
        "{table} has no unique column that identifies its rows, so old values could not be kept. Nothing was changed."
    )
    hint = WITHOUT_NULLIFY


class NotNullified(Refusal):
    """Something puts the old value back."""

    message = "{rows} of {table} without a parent could not be set to NULL. The others were set to NULL."
    hint = "Find the trigger or rule on the table that keeps the old value. Then run the same command again."


class UnknownReference(Refusal):
    """`--nullify` names a table that has no reference to a registered parent."""

    message = "{table} has no references that this backfill covers. Nothing was changed."

    def __init__(self, *, table: str, known: list[str]) -> None:
        super().__init__(table=table)
        self.hint = f"--nullify takes one of: {', '.join(known)}."


class TablesRefused(Refusal):
    """The placeholder tables are pending, and the migration that makes them is blocked."""

    message = "{migration} must create its tables first, but precheck blocks it: {findings}. Nothing was changed."

    def __init__(self, *, migration: str, findings: str) -> None:
        super().__init__(migration=migration, findings=findings)
        app, _, name = migration.partition(".")
        self.hint = f"python manage.py precheck {app} {name} shows all findings."


class IdPatternRefused(Refusal):
    """The setting for the house's own ids is no regular expression, or matches too much."""

    message = "The setting {name} cannot be used: {reason}. Nothing was checked."

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(name=name, reason=reason)
        self.hint = f"Set {name} to a regular expression of PostgreSQL for a whole id, such as [A-Z]{{3}}-[0-9]{{6}}."


class NothingRegistered(Refusal):
    """The command needs what an app registers."""

    message = "No app has registered {what}."
    hint = "Register it in the app's AppConfig.ready(); docs/other-projects.md shows how."
