"""The options of one rollback, as plain values."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

from migrations_safety.backfill.batches import BatchOptions
from migrations_safety.backup.evidence.values import Places
from migrations_safety.measurement.options import NOT_WANTED, MeasureOptions
from migrations_safety.migrate.options import LockOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackOptions:
    """What one rollback is to undo. `app_label` and `migration_name` mean what they mean to Django's `migrate`."""

    using: str
    command: str
    """The name of the command, for the record of runs and for hints."""
    app_label: str
    migration_name: str
    """The last migration that stays applied, or `zero`."""
    dry_run: bool = False
    """Whether to look only, and to change nothing."""
    keys_only: bool = False
    """Whether to unapply only the migrations of other apps that depend on those of this app, which hold the keys."""
    discard: int | None = None
    """The number of rows that may be lost, as a person has typed it; None where nothing may be lost."""
    counts_table: str | None = None
    """The table whose lost rows `discard` counts; None counts the lost rows and values of all tables."""
    discard_option: str = "--discard-rows"
    """The option that takes `discard`, for hints."""
    leave_nullified: int | None = None
    """The number of references that may stay NULL because they cannot be restored, as a person has typed it."""
    accepted_code: tuple[str, ...] = ()
    """The labels of migrations whose code may change and delete rows, as a person has named them."""
    keep_dropped: bool = False
    """Whether the tables and columns that go are kept under other names, so that no row is lost."""
    places: Places = field(default_factory=Places)
    """Where to look for the backup that `discard` needs."""
    expect_database: str | None = None
    expect_schema: str | None = None
    measure: MeasureOptions = NOT_WANTED
    locks: LockOptions = field(default_factory=LockOptions)
    batching: BatchOptions = field(default_factory=BatchOptions)

    @property
    def typed(self) -> str:
        """The command with what it is about, as it is typed again; without the numbers of what may be lost."""
        words = ["python", "manage.py", self.command]
        words += [] if self.counts_table else [self.app_label, self.migration_name]
        words += ["--keys-only"] if self.keys_only else []
        words += ["--keep-dropped"] if self.keep_dropped else []
        words += [word for label in self.accepted_code for word in ("--accept-code", label)]
        return shlex.join(words)

    @property
    def typed_with_numbers(self) -> str:
        """The same with the number of rows that may be lost."""
        return self.typed if self.discard is None else f"{self.typed} {self.discard_option} {self.discard}"

    @property
    def arguments(self) -> dict[str, Any]:
        """The options that are set, for the record of runs."""
        asked = {
            "app_label": self.app_label,
            "migration_name": self.migration_name,
            "keys_only": self.keys_only,
            "discard": self.discard,
            "discard_option": self.discard_option if self.discard else None,
            "accepted_code": list(self.accepted_code),
            "leave_nullified": self.leave_nullified,
            "keep_dropped": self.keep_dropped,
            "retry_for": self.locks.retry_for,
            "max_stall": round(self.locks.max_stall * 1000),
            "expect_database": self.expect_database,
            "expect_schema": self.expect_schema,
        }
        return {name: value for name, value in asked.items() if value}
