"""Refusals about the migration plan and the data that it would delete."""

from __future__ import annotations

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.base import Refusal, sentences


class FindingsRefused(Refusal):
    """The base class for findings that stop a command.

    The sentence is that of the first finding; the others are named by their subjects.
    """

    message = "{first}{others} Nothing was changed."

    def __init__(self, found: list[Finding]) -> None:
        first, *others = found
        more = f" The same is true of {', '.join(one.subject for one in others)}." if others else ""
        self.id = first.id
        super().__init__(first=sentences(first), others=more)
        self.hint = first.hint


class TypesDiffer(FindingsRefused):
    """Raised where the two ends of a foreign key have types that PostgreSQL cannot compare."""


class TablesSpread(FindingsRefused):
    """Raised where Citus keeps a table of the foreign keys on several nodes."""


class PlanWouldFail(FindingsRefused):
    """Raised where the plan changes an object that does not exist."""


class BaselineHoldsRows(Refusal):
    """Raised where unapplying an adopted migration would drop tables that existed before it."""

    message = "Unapplying {migration} would drop {tables} and the rows stored there. Nothing was changed."

    def __init__(self, *, migration: str, tables: list[str]) -> None:
        super().__init__(migration=migration, tables=", ".join(tables))
        app, _, name = migration.partition(".")
        self.hint = f"python manage.py migrate {app} {name} rolls back as far as these tables and no further."


class Irreversible(Refusal):
    """Raised where a migration to be unapplied has an operation without a reverse."""

    message = "{migration} cannot be unapplied: {operation} has no reverse. Nothing was changed."

    def __init__(self, *, migration: str, operation: str) -> None:
        super().__init__(migration=migration, operation=operation)
        app, _, name = migration.partition(".")
        self.hint = f"Give the operation a reverse, or roll back no further than: python manage.py migrate {app} {name}"


class ScratchRefused(Refusal):
    """Raised where the database that `--scratch-url` names cannot be used to measure the plan."""

    message = "The plan cannot be measured: {reason}. Nothing was changed."
    hint = "Name an empty database that the role of the URL owns: --scratch-url postgresql://…"


class ReportRefused(Refusal):
    """Raised where a file is no JSON report of `precheck` whose measurements could be used."""

    message = "The file {file} {problem}. Nothing was changed."
    hint = "Write a report: python manage.py precheck --format json --output FILE"


class CensusRefused(Refusal):
    """Raised where the counts of an earlier `precheck` cannot be used instead of counting."""

    message = "The census in {file} cannot be used: {reason}. Nothing was changed."
    hint = "Take a new one: python manage.py precheck --database ALIAS --format json --output FILE"
