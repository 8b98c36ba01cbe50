"""Operations whose effect cannot be read from a migration: RunSQL, RunPython, and operations of other packages."""

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
    """Label of its migration."""
    kind: str
    """Name of its class."""
    text: str | None
    """Its SQL, or the source of its function; None where it cannot be read."""

    def names(self, names: Iterable[str]) -> bool:
        """Whether it may change one of these tables or models: its text contains a name, or cannot be read."""
        if self.text is None:
            return True
        words = set(re.findall(r"\w+", self.text.lower()))
        return any(set(re.findall(r"\w+", name.lower())) <= words for name in names)

    @property
    def may_drop(self) -> bool:
        """Whether it may drop a table or column: its text has a word for it, or cannot be read."""
        return self.text is None or re.search("drop|delete|remove", self.text.lower()) is not None


def code_of(operation: Any, *, migration: str) -> Code | None:
    """The operation as a value; None where it is one of Django's or ours that runs no code, or does nothing.

    `migration` is the label of the migration.
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
    """The source of a function and of the functions of its module that it calls."""
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
