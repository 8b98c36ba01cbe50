"""Refusals about rollbacks."""

from __future__ import annotations

from collections.abc import Sequence

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.base import Refusal


class RollbackStopped(Refusal):
    """Raised where something forbids the rest of a rollback, before anything of it is lost; `findings` say what."""

    message = "{place} is still applied: {why}"

    def __init__(self, findings: Sequence[Finding], *, place: str) -> None:
        super().__init__(place=place, why="; ".join(f"{one.subject} {one.message}" for one in findings))
        self.findings = tuple(findings)


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
