"""Runs a migration plan on the scratch database, and notes which statements each operation really sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

from migrations_safety.measurement.report import MeasuredOperation, MeasuredStatement, MeasuredTransaction
from migrations_safety.measurement.statements import StatementMeter
from migrations_safety.messages.error_place import file_of, line_of_operation
from migrations_safety.plan.opaque_operations import code_of
from migrations_safety.postgresql.connection import Connection, schema_editor_with

OUTSIDE = frozenset({
    "program", "dblink", "dblink_connect", "dblink_exec", "dblink_send_query", "pg_read_file", "pg_read_binary_file",
    "pg_ls_dir", "pg_file_write", "lo_import", "lo_export", "subscription", "http", "http_get", "http_post",
    "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_switch_wal", "pg_notify", "notify",
})  # fmt: skip
"""Words of SQL that reach beyond the database: programs, files, other servers and other sessions."""


class OperationNotes:
    """The statements that each operation of one migration has sent so far, and the operation that is running now.

    Operations are named by their position in the migration, from 0.
    """

    def __init__(self) -> None:
        self.statements: dict[int, list[MeasuredStatement]] = {}
        self.places: dict[int, int] = {}
        self.at_work: int | None = None
        self.failed: int | None = None
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
        except Exception:
            self.failed = number if self.failed is None else self.failed
            raise
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
        self.runs_code = False

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply a migration, and note the statements that were sent."""
        apply = partial(super().apply_migration, migration=migration, fake=fake, fake_initial=fake_initial)
        return self._measured(migration, "database_forwards", lambda: apply(state.clone()))

    def _opaque(self, migration: Any, method: str) -> list[bool]:
        """For each operation of the migration, whether it was passed over."""
        is_backwards = method == "database_backwards"
        return [not self.runs_code and is_opaque(one, is_backwards=is_backwards) for one in migration.operations]

    def _models(self) -> list[str]:
        """The labels of all models of the project, such as `shop.Order`."""
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
            except DatabaseError as error:
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
                _naming(migration.operations, method, notes),
            ):
                yield
        finally:
            self.meter.sent = None
            self.found.append(
                _transaction(migration, notes, models=self._models, opaque=self._opaque(migration, method))
            )
        for looks in self.after_each:
            looks(str(migration))


def _nothing() -> None:
    """Do nothing."""


@contextmanager
def without_code() -> Iterator[None]:
    """Run the block without the operations that run Python, and without SQL that reaches outside of the database.

    They are passed over whichever migration or operation holds them.
    """
    with ExitStack() as stack:
        for kind in (RunPython, RunSQL):
            for method in ("database_forwards", "database_backwards"):
                stack.enter_context(_passed_over(kind, method))
        yield


@contextmanager
def _passed_over(kind: Any, method: str) -> Iterator[None]:
    run = getattr(kind, method)

    def pass_over(self: Any, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if isinstance(self, RunSQL) and not reaches_outside(self):
            run(self, app_label, schema_editor, from_state, to_state)
        else:
            from_state.clear_delayed_apps_cache()  # as RunPython itself does before its code

    setattr(kind, method, pass_over)
    try:
        yield
    finally:
        setattr(kind, method, run)


def reaches_outside(operation: Any) -> bool:
    """Whether the text of a RunSQL has a word with which PostgreSQL reaches files, programs or other servers."""
    return any(not OUTSIDE.isdisjoint(re.findall(r"\w+", str(text).lower())) for text in _texts(operation))


def _texts(operation: Any) -> Iterator[str]:
    for texts in (operation.sql, operation.reverse_sql):
        yield from [texts] if isinstance(texts, str) else (str(one) for one in texts or ())


def is_opaque(operation: Any, *, is_backwards: bool) -> bool:
    """Whether an operation, or one inside it, was passed over by `without_code`."""
    if isinstance(operation, SeparateDatabaseAndState):
        return any(is_opaque(one, is_backwards=is_backwards) for one in operation.database_operations)
    if isinstance(operation, RunSQL):
        return reaches_outside(operation)
    code = "reverse_code" if is_backwards else "code"
    return isinstance(operation, RunPython) and getattr(operation, code) is not RunPython.noop


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


def _transaction(
    migration: Any, notes: OperationNotes, *, models: Callable[[], list[str]], opaque: list[bool]
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
            opaque=opaque[number],
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
