"""Finds the registered PlaceholderMaker that belongs to a table."""

from __future__ import annotations

from django.apps import apps

from migrations_safety.registry import PlaceholderMaker, registered_makers


def maker_of_table(table: str) -> PlaceholderMaker | None:
    """Return the PlaceholderMaker that is registered for the model of this table, or None."""
    return next((maker for maker in registered_makers() if _table(maker.model) == table), None)


def made_again(table: str) -> str:
    """Return an SQL condition for the rows that a backfill could create again: placeholders and their companions."""
    if maker := maker_of_table(table):
        return maker.unresolved
    companions = (one for maker in registered_makers() for one in maker.companions)
    return "true" if any(_table(one.model) == table for one in companions) else "false"


def _table(model_label: str) -> str:
    return str(apps.get_model(model_label)._meta.db_table)
