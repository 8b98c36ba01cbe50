"""Runs a migration plan on the scratch database, and notes which statements each operation really sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.measurement.operation_notes import NotingSchemaEditor, OperationNotes
from migrations_safety.measurement.passed_over import is_opaque
from migrations_safety.measurement.report import MeasuredOperation, MeasuredTransaction
from migrations_safety.measurement.statements import StatementMeter
from migrations_safety.messages.error_place import file_of, line_of_operation
from migrations_safety.messages.refusals.tables import OrphansLeft
from migrations_safety.plan.opaque_operations import code_of
from migrations_safety.postgresql.connection import Connection, schema_editor_with


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
        self.runs_code = False

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply a migration, and note the statements that were sent."""
        apply = partial(super().apply_migration, migration=migration, fake=fake, fake_initial=fake_initial)
        return self._measured(migration, "database_forwards", lambda: apply(state.clone()))

    def _opaque(self, migration: Any, method: str) -> list[bool]:
        """For each operation of the migration, whether it holds code that is run only where `runs_code` is set."""
        is_backwards = method == "database_backwards"
        return [is_opaque(one, is_backwards=is_backwards) for one in migration.operations]

    @cached_property
    def _labels(self) -> list[str]:
        """The labels of all models of the project, such as `shop.Order`; to read them takes a second in a large one."""
        return [f"{one.app_label}.{one.name}" for one in self.loader.project_state().models.values()]

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        """Unapply a migration, and note the statements that were sent."""
        unapply = partial(super().unapply_migration, migration=migration, fake=fake)
        return self._measured(migration, "database_backwards", lambda: unapply(state))

    def _measured(self, migration: Any, method: str, run: Callable[[], Any]) -> Any:
        """Run an atomic migration again without the made-up rows that forbid it.

        Of any other migration, single statements are run again.
        """
        while True:
            try:
                with self._noted(migration, method):
                    return run()
            except (DatabaseError, OrphansLeft) as error:
                if not migration.atomic or not self.meter.rows.yield_to(error):
                    raise
                self.found.pop()

    @contextmanager
    def _noted(self, migration: Any, method: str) -> Iterator[None]:
        self.before_each()
        notes = OperationNotes()
        self.meter.sent = notes.add
        try:
            with (
                schema_editor_with(self.connection, NotingSchemaEditor, notes=notes),
                _naming(
                    migration.operations, method, notes, again=None if migration.atomic else self.meter.rows.yield_to
                ),
            ):
                yield
        finally:
            self.meter.sent = None
            self.found.append(
                _transaction(
                    migration,
                    notes,
                    models=lambda: self._labels,
                    opaque=self._opaque(migration, method),
                    runs_code=self.runs_code,
                )
            )
        for looks in self.after_each:
            looks(str(migration))


def _nothing() -> None:
    """Do nothing."""


@contextmanager
def _naming(
    operations: list[Any], method: str, notes: OperationNotes, *, again: Callable[[OrphansLeft], bool] | None
) -> Iterator[None]:
    """Count the statements that are sent while an operation runs, or an operation inside it, to that operation.

    `again` is asked whether an operation that has met made-up orphans is run again.
    """

    def naming(number: int, run: Callable[..., Any]) -> Callable[..., Any]:
        def named(*args: Any, **kwargs: Any) -> Any:
            with notes.of(number):
                try:
                    return run(*args, **kwargs)
                except OrphansLeft as refusal:  # before it has changed anything
                    if again is None or not again(refusal):
                        raise
                return run(*args, **kwargs)

        return named

    for number, operation in enumerate(operations):
        setattr(operation, method, naming(number, getattr(operation, method)))
    try:
        yield
    finally:
        for operation in operations:
            delattr(operation, method)


def _transaction(
    migration: Any, notes: OperationNotes, *, models: Callable[[], list[str]], opaque: list[bool], runs_code: bool
) -> MeasuredTransaction:
    label = str(migration)
    operations = (
        MeasuredOperation(
            migration=label,
            number=number + 1,
            kind=type(operation).__name__,
            description=_description(operation),
            file=_file(migration),
            line=line_of_operation(migration, number),
            reversible=bool(operation.reversible),
            opaque=opaque[number] and not runs_code,
            ran_code=opaque[number] and runs_code,
            statements=tuple(notes.statements.get(number, ())),
            place=notes.places.get(number, 0),
            models=_named_models(operation, label, models()) if opaque[number] else (),
        )
        for number, operation in enumerate(migration.operations)
    )
    return MeasuredTransaction(
        migrations=(label,),
        atomic=bool(migration.atomic),
        operations=tuple(operations),
        failed=None if notes.failed is None else notes.failed + 1,
    )


def _description(operation: Any) -> str:
    """What the operation says of itself; its class where it says nothing, as a custom one may."""
    try:
        return str(operation.describe())
    except Exception:
        return type(operation).__name__


def _file(migration: Any) -> str | None:
    """The path of the migration's file, relative to the working directory where it lies below it."""
    file = file_of(migration)
    path = Path(file) if file else None
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path) if path else None


def _named_models(operation: Any, label: str, models: list[str]) -> tuple[str, ...]:
    """The models that the source of an operation names; none where the source cannot be read."""
    code = code_of(operation, migration=label)
    return tuple(sorted(one for one in models if code.names([one]))) if code and code.text else ()
