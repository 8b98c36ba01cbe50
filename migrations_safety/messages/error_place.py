"""Finds the migration, operation, file and line where an error was raised, from the frames of its traceback."""

from __future__ import annotations

import ast
import linecache
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython
from django.db.migrations.operations.base import Operation
from django.dispatch import Signal

Step = tuple[FrameType, int]
SELVES = (Migration, MigrationExecutor, Operation, BaseDatabaseSchemaEditor, Signal)
RUNS = ("apply_migration", "unapply_migration")
"""The methods of Django's executor that run one migration."""


COPY_OF = "migrations_safety_copy_of"
"""The attribute of a copy, or of a part, of an operation that has the operation itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The place in a migration where an error was raised.

    `at` is the file and line of the operation, in words. `operation` is None if the error came at the end of the
    migration, where Django sends deferred SQL and commits. `number` is the position of the operation, in words. `code`
    is the file and line inside the code that the operation called (of a RunPython, for example), or None. `objects` are
    the table and column on which the schema editor worked. `was_running` is False where only the models that the
    migration leaves were computed, so nothing of it was sent to the database.
    """

    migration: str
    was_running: bool
    atomic: bool
    at: str
    operation: str | None
    number: str
    code: str | None
    objects: tuple[str, ...]

    def __str__(self) -> str:
        step = (
            f"{self.number}, {self.operation}"
            if self.operation
            else "at its end, where Django creates keys and indexes"
        )
        code = f", in the code at {self.code}" if self.code else ""
        return f"{self.migration}, {step} ({self.at}){code}"


def place_of(error: BaseException) -> Place | None:
    """Return the place where the error was raised; None where it was raised in no migration."""
    steps = list(walk(error))
    migration = next(filter(None, (_migration(frame) for frame, _ in reversed(steps))), None)
    outer = next((one for frame, _ in reversed(steps) if migration and (one := _operation(frame, migration))), None)
    if migration is None:
        migration, outer = _followed(steps)
    if migration is None:
        return None
    inner = next((one for frame, _ in reversed(steps) if isinstance(one := _self(frame), Operation)), outer)
    number, file = _number(migration, outer), file_of(migration)
    line = line_of(file, number, len(migration.operations)) if file and number else None
    return Place(
        migration=str(migration),
        was_running=any(_run_by_executor(frame) for frame, _ in steps),
        atomic=migration.atomic,
        at=_at(file, line) if file else "no file",
        operation=described(inner) if outer else None,
        number=f"operation {number} of {len(migration.operations)}",
        code=_code(steps),
        objects=_objects(steps),
    )


def code_at(error: BaseException) -> str | None:
    """Return the file and line of the project's own code that ran last before the error, or None.

    It is meant for errors outside of migrations.
    """
    known = {"django", "psycopg", "migrations_safety", *sys.stdlib_module_names}
    own = [
        (frame.f_code.co_filename, line)
        for frame, line in walk(error)
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in known
    ]
    return _at(*own[-1]) if own else None


def walk(error: BaseException) -> Iterator[Step]:
    """Return the frames of an error with their line numbers, the outermost first, then those of its cause."""
    for one in causes(error):
        yield from traceback.walk_tb(one.__traceback__)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Return the error and the chain of its causes (`raise … from …`)."""
    while error is not None:
        yield error
        error = error.__cause__


def called_code(error: BaseException) -> list[Step]:
    """Return the frames of code that may have read rows; empty where there is none.

    Such code is that of a RunPython, a signal receiver or a custom operation class.
    """
    steps = list(walk(error))
    return next((steps[number + 1 :] for number, (frame, _) in enumerate(steps) if _calls_code(frame)), [])


def source(steps: list[Step]) -> str:
    """Return the source text of the files of these frames, except those of Django, psycopg and this app."""
    files = {
        frame.f_code.co_filename
        for frame, _ in steps
        if not str(frame.f_globals.get("__name__")).startswith(("django.", "psycopg", "migrations_safety."))
    }
    for file in files:
        linecache.checkcache(file)
    return "\n".join("".join(linecache.getlines(file)) for file in sorted(files))


def line_of(file: str, number: int, operations: int) -> int | None:
    """Return the line of a migration file on which an operation begins.

    `number` counts from 1; `operations` is the number of operations. None where the file does not list each operation
    in a literal list.
    """
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    classes = (one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == "Migration")
    for one in (statement for found in classes for statement in found.body):
        names = [target.id for target in getattr(one, "targets", []) if isinstance(target, ast.Name)]
        if "operations" in names and isinstance(listed := getattr(one, "value", None), ast.List):
            return listed.elts[number - 1].lineno if len(listed.elts) == operations else None
    return None


def line_of_operation(migration: Any, number: int) -> int | None:
    """Return the line on which an operation begins; None where it cannot be found.

    `number` is the position of the operation, counted from 0.
    """
    file = file_of(migration)
    return line_of(file, number + 1, len(migration.operations)) if file else None


def _self(frame: FrameType) -> Any:
    """Return the `self` of a frame if it is of one of the classes of `SELVES`, else None.

    Its type is compared without isinstance, which would evaluate lazy objects.
    """
    found = frame.f_locals.get("self")
    return found if issubclass(type(found), SELVES) else None


def _migration(frame: FrameType) -> Any:
    """Return the migration whose method runs in this frame, or which the executor applies or unapplies in it; or None.

    A variable named `migration` in any other function says nothing: that function may only have looked at it.
    """
    found = _self(frame)
    return found if isinstance(found, Migration) else _run_by_executor(frame)


def _run_by_executor(frame: FrameType) -> Any:
    """Return the migration that Django's executor, or a subclass, applies or unapplies in this frame; or None."""
    is_run = isinstance(_self(frame), MigrationExecutor) and frame.f_code.co_name in RUNS
    return frame.f_locals.get("migration") if is_run else None


def _operation(frame: FrameType, migration: Any) -> Any:
    """Return the operation that `Migration.apply` or `unapply` is running in this frame, or None."""
    return frame.f_locals.get("operation") if _self(frame) is migration else None


def _followed(steps: list[Step]) -> tuple[Any, Any]:
    """Return the migration and the operation of it that raised the error while only the models were computed, or None.

    That is so where an operation's own method runs, and a function above it looks at the migration of that operation.
    """
    frames = [frame for frame, _ in reversed(steps)]
    operation = next((one for frame in frames if isinstance(one := _self(frame), Operation)), None)
    for found in (frame.f_locals.get("migration") for frame in frames):
        if issubclass(type(found), Migration) and _number(found, operation):
            return found, operation
    return None, None


def _calls_code(frame: FrameType) -> bool:
    found = _self(frame)
    if isinstance(found, Operation):
        return isinstance(found, RunPython) or not type(found).__module__.startswith(UNDERSTOOD_OPERATIONS)
    return isinstance(found, Signal)


def _number(migration: Any, operation: Any) -> int:
    asked = _written(operation)
    return next((number for number, one in enumerate(migration.operations, 1) if _written(one) is asked), 0)


def _written(operation: Any) -> Any:
    """The operation as it stands in the file."""
    return getattr(operation, COPY_OF, operation)


def described(operation: Any) -> str:
    """Return an operation in words: its class and its own description."""
    if isinstance(operation, RunPython):
        return f"RunPython({getattr(operation.code, '__name__', '…')})"
    try:
        return f"{type(operation).__name__}: {operation.describe()}"
    except Exception:  # describe() of a custom operation class may fail too
        return type(operation).__name__


def file_of(migration: Any) -> str | None:
    """Return the path of the file of a migration; None where it was made in memory."""
    return getattr(sys.modules.get(type(migration).__module__), "__file__", None)


def _at(file: str, line: int | None) -> str:
    path = Path(file)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}, line {line}" if line else str(shown)


def _code(steps: list[Step]) -> str | None:
    """Return the file and line that the called code had reached, in the file where it is defined; or None."""
    called = next((steps[number + 1 :] for number, (frame, _) in enumerate(steps) if _calls_code(frame)), [])
    own = [(frame.f_code.co_filename, line) for frame, line in called]
    own = [one for one in own if one[0] == own[0][0]]
    return _at(*own[-1]) if own else None


def _objects(steps: list[Step]) -> tuple[str, ...]:
    """Return the table and column for which a method of the schema editor was called, in words."""
    for frame, _ in reversed(steps):
        if not isinstance(_self(frame), BaseDatabaseSchemaEditor):
            continue
        model, field = frame.f_locals.get("model"), frame.f_locals.get("field", frame.f_locals.get("new_field"))
        if model is not None:
            table, column = getattr(model._meta, "db_table", None), getattr(field, "column", None)
            return tuple(f"{kind} {name}" for kind, name in (("table", table), ("column", column)) if name)
    return ()


UNDERSTOOD_OPERATIONS = ("django.db.migrations.", "django.contrib.", "migrations_safety.")
"""Packages whose operations are known: they change the database as the state of the migration says."""
