"""Runs a migration that is not one transaction so that a run after a kill goes on, where it keeps what it drops.

Each operation that can be is one transaction, with its deferred statements and with the record that it is done, and so
is each text of a RunSQL. Any other is recorded before it begins and after its end. If it is killed in between, only one
that may be repeated is repeated; of others nobody knows what they have done, and a person has to say it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import DatabaseError, transaction
from django.db.migrations.operations import RunSQL, SeparateDatabaseAndState
from psycopg import errors

from migrations_safety.kept.kept_steps import BEGUN, BETWEEN, DONE, Step, ensure_steps, note_step, open_steps
from migrations_safety.locking import statement_text
from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.messages.error_place import COPY_OF
from migrations_safety.plan.done_operations import DoneBefore, texts_of
from migrations_safety.plan.planned_migration import planned
from migrations_safety.postgresql.connection import Connection

OF_THE_SCHEMA = ("django.db.migrations.operations.models", "django.db.migrations.operations.fields")
"""The modules of Django's operations that are a few statements on the schema."""
NOT_AS_ONE = (errors.ActiveSqlTransaction, errors.InvalidTransactionTermination, errors.ObjectInUse)
"""PostgreSQL's errors for what no transaction can hold, or not together with the rows changed before in it."""

Run = Callable[..., None]
"""Runs an operation, or a part of it, with the arguments that Django gives it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepByStep:
    """Runs the operations of one migration in recorded steps, forwards or backwards."""

    connection: Connection
    ladder: LockLadder
    migration: Any
    before: dict[int, Step] = field(default_factory=dict)
    """Where a killed run has stopped, by the place of the operation."""

    def operations(self, whole: Callable[[Any], bool]) -> list[Any]:
        """Return the operations as steps; `whole` says whether Django opens a transaction for one."""
        label = f"{self.migration.app_label}.{self.migration.name}"
        checksum = planned(self.migration, self.connection.alias).checksum
        self.before.update({one.number: one for one in open_steps(self.connection) if one.migration == label})
        return [
            self._as_step(one, Step(migration=label, is_backwards=False, number=number, checksum=checksum), whole(one))
            for number, one in enumerate(self.migration.operations, start=1)
        ]

    def _as_step(self, operation: Any, step: Step, is_whole: bool) -> Any:
        if isinstance(operation, DoneBefore):
            return operation
        ours = copy(operation)
        setattr(ours, COPY_OF, operation)
        for name, is_backwards in (("database_forwards", False), ("database_backwards", True)):
            run, this = getattr(operation, name), replace(step, is_backwards=is_backwards)
            if type(operation) is RunSQL:  # another package's may do more
                setattr(ours, name, partial(self._texts, operation, this, name))
            else:
                each = self._as_one if is_whole or _is_one(operation) else self._as_parts
                setattr(ours, name, partial(each, run, this, DONE))
        return ours

    def _texts(self, operation: RunSQL, step: Step, name: str, *args: Any) -> None:
        """Run the texts of a RunSQL that are not done yet, each as a step."""
        texts = texts_of(operation, is_backwards=step.is_backwards)
        done = self.before[step.number].texts if step.number in self.before else 0
        for number, text in enumerate(texts[done:], start=done + 1):
            part = RunSQL([text], [text], hints=operation.hints)
            setattr(part, COPY_OF, operation)
            each = self._as_parts if _is_apart(text) else self._as_one
            each(getattr(part, name), replace(step, texts=number - 1), DONE if number == len(texts) else BETWEEN, *args)

    def _as_one(self, run: Run, step: Step, after: str, app: str, editor: Any, *states: Any) -> None:
        """Run an operation with its deferred statements and its record in one transaction, if one can hold it."""

        def attempt() -> None:
            del editor.deferred_sql[:]  # of an attempt that has failed
            with transaction.atomic(using=self.connection.alias):
                run(app, editor, *states)
                self._note_end(step, after, editor)
                self.ladder.refuse_passed_over()

        try:
            self.ladder.run_with_retries(attempt, what=step.migration, is_whole=False, goes_on=True)
        except DatabaseError as error:
            if not isinstance(error.__cause__, NOT_AS_ONE):
                raise
            del editor.deferred_sql[:]
            self._as_parts(run, step, after, app, editor, *states)

    def _as_parts(self, run: Run, step: Step, after: str, app: str, editor: Any, *states: Any) -> None:
        """Run an operation that is no transaction; its record says where it stands."""
        self._note(replace(step, state=BEGUN))
        run(app, editor, *states)
        self._note_end(step, after, editor)

    def _note_end(self, step: Step, after: str, editor: Any) -> None:
        while editor.deferred_sql:
            editor.execute(editor.deferred_sql.pop(0), None)
        self._note(replace(step, texts=step.texts + 1, state=after))

    def _note(self, step: Step) -> None:
        ensure_steps(self.connection)
        note_step(self.connection, step)


def _is_one(operation: Any) -> bool:
    """Whether an operation can be one transaction, as far as it shows."""
    if type(operation) is SeparateDatabaseAndState:
        return all(map(_is_one, operation.database_operations))
    return type(operation).__module__ in OF_THE_SCHEMA or isinstance(operation, AddConstraintNotValid)


def _is_apart(text: Any) -> bool:
    """Whether no transaction can hold a text, as far as it shows; what is no text is left to Django."""
    found = statement_text.read(str(text[0] if isinstance(text, list | tuple) and text else text))
    return found.concurrent or found.ends_transaction or found.repeatable
