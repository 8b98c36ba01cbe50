"""Operations whose effect nobody can read off: SQL and Python in migrations, and operations of other packages."""

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
    """One such operation: the migration that it stands in, its kind, and its text; None where it cannot be read."""

    migration: str
    kind: str
    text: str | None

    def names(self, names: Iterable[str]) -> bool:
        """Whether it may be about one of these tables or models: its text names one, or cannot be read."""
        if self.text is None:
            return True
        words = set(re.findall(r"\w+", self.text.lower()))
        return any(set(re.findall(r"\w+", name.lower())) <= words for name in names)

    @property
    def may_drop(self) -> bool:
        """Whether it may drop something: its text says so, or cannot be read."""
        return self.text is None or re.search("drop|delete|remove", self.text.lower()) is not None


def code_of(operation: Any, *, migration: str) -> Code | None:
    """What it is, or None for an operation that is understood, or that does nothing."""
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
    """The text of a function and of those of its module that it calls."""
    if not isinstance(code, FunctionType):
        return None
    try:
        return "\n".join(inspect.getsource(one) for one in _called({code.__qualname__: code}, code))
    except (OSError, TypeError):
        return None


def _called(found: dict[str, FunctionType], code: FunctionType) -> Iterator[FunctionType]:
    yield code
    for name in code.__code__.co_names:
        one = code.__globals__.get(name)
        if isinstance(one, FunctionType) and one.__module__ == code.__module__ and one.__qualname__ not in found:
            found[one.__qualname__] = one
            yield from _called(found, one)
