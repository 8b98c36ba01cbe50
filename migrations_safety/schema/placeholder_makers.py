"""Finds the registered PlaceholderMaker that belongs to a table."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps

from migrations_safety.registry import PlaceholderMaker, registered_makers


def maker_of_table(table: str) -> PlaceholderMaker | None:
    """Return the PlaceholderMaker that is registered for the model of this table, or None."""
    return next((maker for maker in registered_makers() if _table(maker.model) == table), None)


def has_makers() -> bool:
    """Return whether any app has registered how to create placeholders."""
    return bool(registered_makers())


def made_again(table: str) -> str:
    """Return an SQL condition for the rows that a backfill could create again: placeholders and their companions."""
    if maker := maker_of_table(table):
        return maker.unresolved
    companions = (one for maker in registered_makers() for one in maker.companions)
    return "true" if any(_table(one.model) == table for one in companions) else "false"


@dataclass(frozen=True, kw_only=True, slots=True)
class Untouched:
    """Which rows of a table the backfill has made and nobody has changed since."""

    condition: str
    """The SQL condition that is true for them."""
    run_column: str | None = None
    """The column with the id of the run that made a row; None where the rows have none."""


def untouched_rows(table: str) -> Untouched | None:
    """Return which rows of this table a rollback may drop; None where the backfill makes none in it."""
    if maker := maker_of_table(table):
        return Untouched(condition=maker.untouched, run_column=maker.run_column)
    companions = (one for maker in registered_makers() for one in maker.companions if _table(one.model) == table)
    found = next(companions, None)
    return Untouched(condition=found.untouched) if found else None


def _table(model_label: str) -> str:
    return str(apps.get_model(model_label)._meta.db_table)
