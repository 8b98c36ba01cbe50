"""Where a migration was when an error came: its operation, file and line, read from the frames of the error."""

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
from django.db.migrations.operations import RunPython
from django.db.migrations.operations.base import Operation
from django.dispatch import Signal

Step = tuple[FrameType, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A migration at work; `operation` is None at its end, where Django sends its deferred SQL and commits.

    `code` is the file and line that a RunPython was at, `objects` what the schema editor was at work on.
    """

    migration: str
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
    """The migration and the operation that were at work, None where none was."""
    steps = list(walk(error))
    migration = next(filter(None, (_migration(frame) for frame, _ in reversed(steps))), None)
    if migration is None:
        return None
    outer = next((one for frame, _ in reversed(steps) if (one := _operation(frame, migration))), None)
    inner = next((one for frame, _ in reversed(steps) if isinstance(one := _self(frame), Operation)), outer)
    number, file = _number(migration, outer), file_of(migration)
    line = line_of(file, number, len(migration.operations)) if file and number else None
    return Place(
        migration=f"{migration.app_label}.{migration.name}",
        atomic=migration.atomic,
        at=_at(file, line) if file else "no file",
        operation=described(inner) if outer else None,
        number=f"operation {number} of {len(migration.operations)}",
        code=_code(steps),
        objects=_objects(steps),
    )


def code_at(error: BaseException) -> str | None:
    """File and line of the project's own code that was the last to run, where no migration was at work."""
    known = {"django", "psycopg", "migrations_safety", *sys.stdlib_module_names}
    own = [
        (frame.f_code.co_filename, line)
        for frame, line in walk(error)
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in known
    ]
    return _at(*own[-1]) if own else None


def walk(error: BaseException) -> Iterator[Step]:
    """Frames and lines, outermost first; after those of an error those of its cause."""
    for one in causes(error):
        yield from traceback.walk_tb(one.__traceback__)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


def called_code(error: BaseException) -> list[Step]:
    """The frames of code that may have read rows (a RunPython, a signal, somebody's own operation); else nothing."""
    steps = list(walk(error))
    return next((steps[number + 1 :] for number, (frame, _) in enumerate(steps) if _calls_code(frame)), [])


def source(steps: list[Step]) -> str:
    """The text of the files that these frames are in, but for Django's and the driver's."""
    files = {
        frame.f_code.co_filename
        for frame, _ in steps
        if not str(frame.f_globals.get("__name__")).startswith(("django.", "psycopg", "migrations_safety."))
    }
    for file in files:
        linecache.checkcache(file)
    return "\n".join("".join(linecache.getlines(file)) for file in sorted(files))


def line_of(file: str, number: int, operations: int) -> int | None:
    """The line on which an operation of a migration begins; None where its list is not written down one by one."""
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
    """The line on which an operation begins, counted from 0; None where that cannot be told."""
    file = file_of(migration)
    return line_of(file, number + 1, len(migration.operations)) if file else None


def _self(frame: FrameType) -> Any:
    """The object whose method this is; classes are compared by type, because isinstance would wake lazy objects up."""
    found = frame.f_locals.get("self")
    return found if issubclass(type(found), Migration | Operation | BaseDatabaseSchemaEditor | Signal) else None


def _migration(frame: FrameType) -> Any:
    for found in (_self(frame), frame.f_locals.get("migration")):
        if issubclass(type(found), Migration):
            return found
    return None


def _operation(frame: FrameType, migration: Any) -> Any:
    """The operation that `Migration.apply` and `unapply` are at."""
    return frame.f_locals.get("operation") if _self(frame) is migration else None


def _calls_code(frame: FrameType) -> bool:
    found = _self(frame)
    if isinstance(found, Operation):
        return isinstance(found, RunPython) or not type(found).__module__.startswith(UNDERSTOOD_OPERATIONS)
    return isinstance(found, Signal)


def _number(migration: Any, operation: Any) -> int:
    return next((number for number, one in enumerate(migration.operations, 1) if one is operation), 0)


def described(operation: Any) -> str:
    """An operation in words: its kind, and what it says of itself."""
    if isinstance(operation, RunPython):
        return f"RunPython({getattr(operation.code, '__name__', '…')})"
    try:
        return f"{type(operation).__name__}: {operation.describe()}"
    except Exception:  # somebody's own operation, which may fail here too
        return type(operation).__name__


def file_of(migration: Any) -> str | None:
    """The file that a migration stands in, None where it was made in memory."""
    return getattr(sys.modules.get(type(migration).__module__), "__file__", None)


def _at(file: str, line: int | None) -> str:
    path = Path(file)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}, line {line}" if line else str(shown)


def _code(steps: list[Step]) -> str | None:
    """Where in its own file the called code was, the last of those that it called there."""
    called = next((steps[number + 1 :] for number, (frame, _) in enumerate(steps) if _calls_code(frame)), [])
    own = [(frame.f_code.co_filename, line) for frame, line in called]
    own = [one for one in own if one[0] == own[0][0]]
    return _at(*own[-1]) if own else None


def _objects(steps: list[Step]) -> tuple[str, ...]:
    """The table and column that a method of the schema editor was called for."""
    for frame, _ in reversed(steps):
        if not isinstance(_self(frame), BaseDatabaseSchemaEditor):
            continue
        model, field = frame.f_locals.get("model"), frame.f_locals.get("field", frame.f_locals.get("new_field"))
        if model is not None:
            table, column = getattr(model._meta, "db_table", None), getattr(field, "column", None)
            return tuple(f"{kind} {name}" for kind, name in (("table", table), ("column", column)) if name)
    return ()


UNDERSTOOD_OPERATIONS = ("django.db.migrations.", "django.contrib.", "migrations_safety.")
"""Packages whose operations do on the database what the state says, or nothing but what their name says."""
