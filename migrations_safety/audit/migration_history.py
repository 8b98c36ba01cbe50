"""Finds out what a run of `migrate` did, by comparing django_migrations before and after it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from django.db.migrations.recorder import MigrationRecorder

from migrations_safety.postgresql.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What one run of `migrate` did; migrations are named by label, `app.name`."""

    applied: tuple[str, ...]
    unapplied: tuple[str, ...]
    recorded: tuple[str, ...]
    """Migrations that were recorded as applied without being run (`--fake`, adopted baselines)."""
    forgotten: tuple[str, ...]
    """Migrations whose record was removed without being unapplied (`--fake`, `--prune`)."""
    made_tables: bool = False
    """Whether tables of apps without migrations were to be made (`--run-syncdb`)."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """For each other database alias that was written to, the first migration that did so."""
    took: dict[str, float] = field(default_factory=dict)
    """How many seconds each migration took that was run."""

    @property
    def verdict(self) -> str:
        """One of `applied`, `unapplied`, `recorded` (only the record changed) and `nothing to do`."""
        if self.unapplied:
            return "unapplied"
        if self.applied or self.made_tables:
            return "applied"
        return "recorded" if self.recorded or self.forgotten else "nothing to do"

    def as_dict(self) -> dict[str, list[str]]:
        """Return the four lists of labels, without the empty ones."""
        names = ("applied", "unapplied", "recorded", "forgotten")
        return {name: list(getattr(self, name)) for name in names if getattr(self, name)}


class Forecast(Protocol):
    """The rehearsal that a run stands on."""

    def stands_on(self) -> dict[str, Any]:
        """Return what the record of runs keeps of it."""

    def beside(self, took: dict[str, float], *, whole: float) -> dict[str, dict[str, float]]:
        """Return forecast and fact of each migration that ran, and of `migrate` if all did, in seconds."""


@dataclass(kw_only=True)
class History:
    """Watches the changes to django_migrations from the moment it is made.

    The caller appends to `ran` the label of each migration whose operations are run.
    """

    connection: Connection
    makes_tables: bool = False
    ran: list[str] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    run_id: UUID | None = None
    """The run in the record of runs; None where nothing is recorded."""

    rehearsed: Forecast | None = None
    took: dict[str, float] = field(default_factory=dict)
    """How many seconds each migration took that was run, from the end of the one before it."""
    began: float = field(default_factory=time.monotonic)
    """When the work of the command began, on the clock of `time.monotonic`."""

    def __post_init__(self) -> None:
        self.before = self.now()
        self._since = time.monotonic()

    def note(self, label: str) -> None:
        """Note that the operations of a migration were run, and how long that took."""
        self.ran.append(label)
        now = time.monotonic()
        self.took[label] = round(self.took.get(label, 0.0) + now - self._since, 3)
        self._since = now

    def now(self) -> list[str]:
        """Return the labels of the migrations that are recorded now."""
        return [".".join(app_and_name) for app_and_name in MigrationRecorder(self.connection).applied_migrations()]

    def done(self) -> Done:
        """Return what has changed since this object was made."""
        now = self.now()
        new = [label for label in now if label not in self.before]
        gone = [label for label in self.before if label not in now]
        ran = dict.fromkeys(self.ran)  # each migration once, however often it was tried
        return Done(
            applied=tuple(label for label in ran if label in new),
            unapplied=tuple(label for label in ran if label in gone),
            recorded=tuple(label for label in new if label not in self.ran),
            forgotten=tuple(label for label in gone if label not in self.ran),
            made_tables=self.makes_tables,
            elsewhere=dict(self.elsewhere),
            took=dict(self.took),
        )
