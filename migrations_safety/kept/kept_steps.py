"""Records which operations of a migration are done, where it is not one transaction and keeps what it drops.

Such a migration may be killed in between. An operation that is one transaction is recorded as done in this transaction;
any other is recorded before it begins and once it has ended. So the next run goes on after what is done.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db.migrations.recorder import MigrationRecorder

from migrations_safety.kept.kept_record import ensure_record
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement

BEGUN, BETWEEN, DONE = "begun", "between", "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """An operation of a migration that is neither wholly applied nor wholly unapplied."""

    migration: str
    """The label of the migration."""
    is_backwards: bool
    """Whether the migration was being unapplied."""
    number: int
    """The place of the operation in the migration, from 1."""
    checksum: str
    """The checksum of the migration's file then."""
    texts: int = 0
    """How many of the texts of a RunSQL are done."""
    state: str = BEGUN
    """DONE; BEGUN, where the operation, or the next text, is no transaction and had begun; BETWEEN two texts."""


def ensure_steps(connection: Connection) -> None:
    """Make the place where steps are recorded, if it is not there."""
    if not _exist(connection):
        ensure_record(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement("kept_steps.create"))


def note_step(connection: Connection, step: Step) -> None:
    """Record where an operation stands."""
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_steps.note"), asdict(step))


def open_steps(connection: Connection) -> list[Step]:
    """Return the steps of the migrations of this schema that are neither wholly applied nor wholly unapplied."""
    found = _noted(connection)
    recorded = _recorded(connection) if found else frozenset()
    return [one for one in found if one.is_backwards is (one.migration in recorded)]


def forget_settled(connection: Connection) -> None:
    """Forget the steps of migrations that have reached their end since, in whatever way."""
    found = _noted(connection)
    recorded = _recorded(connection) if found else frozenset()
    for label in sorted({one.migration for one in found if one.is_backwards is not (one.migration in recorded)}):
        with connection.cursor() as cursor:
            cursor.execute(statement("kept_steps.forget"), {"migration": label})


def _noted(connection: Connection) -> list[Step]:
    return rows(connection, "kept_steps.noted", {}, Step) if _exist(connection) else []


def _recorded(connection: Connection) -> frozenset[str]:
    return frozenset(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _exist(connection: Connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_steps.exist"))
        return bool(cursor.fetchone()[0])
