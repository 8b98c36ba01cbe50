"""Refusals about rollbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrations_safety.messages.refusals.base import Refusal


class LossesArrived(Refusal):
    """Raised where rows that must not be lost arrived between the check and the drop; nothing was dropped."""

    message = "{migration} was not unapplied: {why}"

    def __init__(self, losses: Sequence[Any], *, why: str, migration: str) -> None:
        super().__init__(why=why, migration=migration)
        self.losses = tuple(losses)


class KeysNotApart(Refusal):
    """Raised where `--keys-only` cannot tell the migrations of the keys from those of the tables."""

    message = "The keys cannot be unapplied alone: {reason}. Nothing was changed."
    hint = "Name the last migration that stays: python manage.py rollback_migrations APP NAME"


class SourceNotUsable(Refusal):
    """Raised where the recorded source of a migration cannot be loaded in the code that is installed now."""

    message = (
        "The file of {migration} is gone, and its recorded source cannot be loaded ({error}). Nothing was changed."
    )
    hint = "Check out the release that has the file, then run the same command again."
