"""Operations whose effect a migration does not declare: RunSQL, RunPython, and operation classes of other packages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

from migrations_safety.messages.error_place import UNDERSTOOD_OPERATIONS


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """One operation that runs SQL or Python of its own."""

    migration: str
    """Label of the migration that has the operation."""
    kind: str
    """Name of the operation's class, such as `RunPython`."""
    text: str | None
    """The SQL of the operation, or the source of its Python function; None where the source cannot be read."""

    def names(self, names: Iterable[str]) -> bool:
        """Whether the code may change one of these tables or models.

        True where the text contains one of the names, and where the text cannot be read.
        """
        if self.text is None:
            return True
        words = set(re.findall(r"\w+", self.text.lower()))
        return any(set(re.findall(r"\w+", name.lower())) <= words for name in names)

    @property
    def may_drop(self) -> bool:
        """Whether the code may drop a table or column.

        True where the text contains "drop", "delete" or "remove", and where the text cannot be read.
        """
        return self.text is None or re.search("drop|delete|remove", self.text.lower()) is not None


def code_of(operation: Any, *, migration: str) -> Code | None:
    """The code of the operation as a value; `migration` is the label of the migration.

    None for an operation class of Django or of this package that runs no code of a project, and for a RunSQL or
    RunPython that does nothing.
    """
    kind = type(operation).__name__
    if isinstance(operation, RunSQL):
        return Code(migration=migration, kind=kind, text=str(operation.sql)) if operation.sql else None
    if isinstance(operation, RunPython):
        if operation.code is RunPython.noop:
            return None
        return Code(migration=migration, kind=kind, text=_source(operation.code))
    if type(operation).__module__.startswith(UNDERSTOOD_OPERATIONS) or isinstance(operation, SeparateDatabaseAndState):
        return None
    return Code(migration=migration, kind=kind, text=None)


def _source(code: Any) -> str | None:
    """The source of a function, and of those functions of the same module that it calls; None where unreadable."""
    if not isinstance(code, FunctionType):
        return None
    try:
        return "\n".join(inspect.getsource(function) for function in _called({code.__qualname__: code}, code))
    except (OSError, TypeError):
        return None


def _called(found: dict[str, FunctionType], code: FunctionType) -> Iterator[FunctionType]:
    yield code
    for name in code.__code__.co_names:
        called = code.__globals__.get(name)
        if not isinstance(called, FunctionType) or called.__module__ != code.__module__:
            continue
        if called.__qualname__ not in found:
            found[called.__qualname__] = called
            yield from _called(found, called)
