"""Collects the SQL that finishes a migration which is applied in part, or that undoes what is done of it.

No code of a project runs here: only operations of Django and of this app that are SQL alone are asked for theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.migrations.operations import RunPython

from migrations_safety.plan.done_operations import HalfDone
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.recovery.diagnosis.applied_in_part import DONE, IN_PART, Half
from migrations_safety.recovery.diagnosis.rows_of_halves import lost_rows
from migrations_safety.sql import statement

OF_SQL = ("django.db.migrations.", "django.contrib.postgres.", "migrations_safety.")
"""The packages whose operations do nothing but send SQL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remaining:
    """The statements that finish a migration and those that undo it, in their order; None where no SQL can.

    Nothing that would lose rows is among those that undo it.
    """

    migration: str
    may_run_again: bool
    is_whole: bool
    begun: HalfDone | None
    """What `migrate --keep-dropped` has recorded of it; None where another command has begun it."""
    finish: tuple[str, ...] | None
    undo: tuple[str, ...] | None
    loses: tuple[str, ...] = ()
    """The tables and columns with rows or values that its undoing would lose, or may lose."""


def remaining(connection: Connection, half: Half) -> Remaining:
    """Return the SQL for a migration that is applied in part; runs outside of a transaction, and only reads."""
    with _only_reading(connection) as may_collect:
        may_collect = may_collect and half.begun is None  # its SQL would drop what is to be kept
        loses = tuple(lost_rows(connection, half)) if may_collect else ()
        return Remaining(
            migration=half.steps.migration,
            may_run_again=half.may_run_again,
            is_whole=half.is_whole,
            begun=half.begun,
            finish=_collected(connection, half, forwards=True) if may_collect else None,
            undo=_collected(connection, half, forwards=False) if may_collect and not loses else None,
            loses=loses,
        )


@contextmanager
def _only_reading(connection: Connection) -> Iterator[bool]:
    if is_in_transaction(connection):
        yield False
        return
    with connection.cursor() as cursor:
        cursor.execute(statement("remaining_sql.read_only"), {"value": "on"})
    try:
        yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute(statement("remaining_sql.read_only"), {"value": "off"})


def _collected(connection: Connection, half: Half, *, forwards: bool) -> tuple[str, ...] | None:
    """Return the statements of the operations that are not done, or the reverse of those that are; None for none."""
    app = half.migration.app_label
    chosen = [one for one in _with_states(half) if (one.state in {DONE}) is not forwards]
    if forwards and any(one.state == IN_PART for one in chosen) and not half.may_run_again:
        return None
    if not all(_is_sql(one.operation) and (forwards or one.operation.reversible) for one in chosen):
        return None
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    try:
        with editor:
            for one in chosen if forwards else reversed(chosen):
                if forwards:
                    one.operation.database_forwards(app, editor, one.before, one.after)
                else:
                    one.operation.database_backwards(app, editor, one.after, one.before)
    except Exception:  # an operation that cannot say its SQL without doing it
        return None
    return tuple(text for text in editor.collected_sql if text and not text.startswith("--"))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    """One operation between the states before and after it."""

    operation: Any
    state: str
    before: Any
    after: Any


def _with_states(half: Half) -> list[_Placed]:
    placed, state = [], half.state_before.clone()
    for step, operation in zip(half.steps.steps, half.migration.operations, strict=True):
        before = state.clone()
        operation.state_forwards(half.migration.app_label, state)
        placed.append(_Placed(operation=operation, state=step.state, before=before, after=state.clone()))
    return placed


def _is_sql(operation: Any) -> bool:
    inner = [*getattr(operation, "database_operations", ()), *getattr(operation, "state_operations", ())]
    kind = type(operation)
    return (
        kind.__module__.startswith(OF_SQL)
        and not isinstance(operation, RunPython)
        and bool(operation.reduces_to_sql)
        and all(map(_is_sql, inner))
    )
