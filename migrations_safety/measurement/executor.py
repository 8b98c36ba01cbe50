"""Runs a migration plan on the scratch database, and notes which statements each operation really sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL

from migrations_safety.measurement.report import MeasuredOperation, MeasuredStatement, MeasuredTransaction
from migrations_safety.measurement.statements import StatementMeter
from migrations_safety.messages.error_place import described, file_of, line_of_operation
from migrations_safety.plan.opaque_operations import code_of
from migrations_safety.postgresql.connection import Connection, schema_editor_with


class OperationNotes:
    """The statements that each operation of one migration has sent so far, and the operation that is running now.

    Operations are named by their position in the migration, from 0.
    """

    def __init__(self) -> None:
        self.statements: dict[int, list[MeasuredStatement]] = {}
        self.places: dict[int, int] = {}
        self.at_work: int | None = None
        self._place = count(1)

    def add(self, statement: MeasuredStatement) -> None:
        """Note a statement of the running operation; a statement outside of all operations is not noted."""
        if self.at_work is not None:
            placed = replace(statement, place=next(self._place))
            self.statements.setdefault(self.at_work, []).append(placed)

    @contextmanager
    def of(self, number: int | None) -> Iterator[None]:
        """Count the statements sent inside the block to the operation at position `number`."""
        before, self.at_work = self.at_work, number
        if number is not None:
            self.places.setdefault(number, next(self._place))
        try:
            yield
        finally:
            self.at_work = before


class DeferredStatements(list[Any]):
    """The list `deferred_sql` of a schema editor, which remembers the operation that deferred each statement."""

    def __init__(self, notes: OperationNotes) -> None:
        super().__init__()
        self.notes = notes
        self.owners: dict[int, int | None] = {}

    def append(self, statement: Any) -> None:
        """Add a statement, and remember the operation that deferred it."""
        self.owners[id(statement)] = self.notes.at_work
        super().append(statement)

    def extend(self, statements: Any) -> None:
        """Add statements, and remember the operation that deferred them."""
        for one in statements:
            self.append(one)

    __iadd__ = None  # type: ignore[assignment]  # an operation that adds in this way would be nobody's: it fails loudly


class NotingSchemaEditor(DatabaseSchemaEditor):
    """A schema editor that counts a deferred statement to the operation that deferred it.

    `notes` is set on a subclass, one for each migration.
    """

    notes: OperationNotes

    def __enter__(self) -> Any:
        """Begin as Django does, with a DeferredStatements as the list of deferred statements."""
        entered = super().__enter__()
        self.deferred_sql = DeferredStatements(self.notes)
        return entered

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Send a statement, and count it to the operation that deferred it, else to the running one."""
        owner = self.deferred_sql.owners.get(id(sql), self.notes.at_work)
        with self.notes.of(owner):
            super().execute(sql, params)


class MeasuringExecutor(MigrationExecutor):
    """Django's executor, which appends the measurements of each migration to `found`.

    `before_each` is called before each migration; it raises NotOnTheScratch where the connection does not reach the
    scratch database. The functions of `after_each` are called after each migration, with its label.
    """

    connection: Connection

    def __init__(self, connection: Connection, meter: StatementMeter) -> None:
        super().__init__(connection)
        self.meter = meter
        self.before_each: Callable[[], None] = _nothing
        self.after_each: Sequence[Callable[[str], None]] = ()
        self.found: list[MeasuredTransaction] = []

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply a migration, and note the statements that were sent."""
        with self._noted(migration, "database_forwards"):
            return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """Unapply a migration, and note the statements that were sent."""
        with self._noted(migration, "database_backwards"):
            return super().unapply_migration(state, migration, fake=fake)

    @contextmanager
    def _noted(self, migration: Any, method: str) -> Iterator[None]:
        self.before_each()
        notes = OperationNotes()
        self.meter.sent = notes.add
        try:
            with (
                schema_editor_with(self.connection, NotingSchemaEditor, notes=notes),
                _naming(migration.operations, method, notes),
            ):
                yield
        finally:
            self.meter.sent = None
            self.found.append(_transaction(migration, notes))
        for looks in self.after_each:
            looks(str(migration))


def _nothing() -> None:
    """Do nothing."""


@contextmanager
def without_code() -> Iterator[None]:
    """Run the block with every RunPython disabled in this process, whichever migration or operation holds it."""
    before = RunPython.database_forwards, RunPython.database_backwards
    RunPython.database_forwards = RunPython.database_backwards = _pass_over  # type: ignore[method-assign]
    try:
        yield
    finally:
        RunPython.database_forwards, RunPython.database_backwards = before  # type: ignore[method-assign]


def _pass_over(self: Any, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
    from_state.clear_delayed_apps_cache()  # as RunPython itself does before its code


@contextmanager
def _naming(operations: list[Any], method: str, notes: OperationNotes) -> Iterator[None]:
    """Count the statements that are sent while an operation runs, or an operation inside it, to that operation."""

    def naming(number: int, run: Callable[..., Any]) -> Callable[..., Any]:
        def named(*args: Any, **kwargs: Any) -> Any:
            with notes.of(number):
                return run(*args, **kwargs)

        return named

    for number, operation in enumerate(operations):
        setattr(operation, method, naming(number, getattr(operation, method)))
    try:
        yield
    finally:
        for operation in operations:
            delattr(operation, method)


def _transaction(migration: Any, notes: OperationNotes) -> MeasuredTransaction:
    label = str(migration)
    operations = (
        MeasuredOperation(
            migration=label,
            kind=type(operation).__name__,
            description=described(operation),
            file=file_of(migration),
            line=line_of_operation(migration, number),
            reversible=bool(operation.reversible),
            opaque=code_of(operation, migration=label) is not None and not isinstance(operation, RunSQL),
            statements=tuple(notes.statements.get(number, ())),
            place=notes.places.get(number, 0),
        )
        for number, operation in enumerate(migration.operations)
    )
    return MeasuredTransaction(migrations=(label,), atomic=bool(migration.atomic), operations=tuple(operations))
