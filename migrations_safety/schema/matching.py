"""Finds the existing object of a table that corresponds to a declared one, by name or by definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from migrations_safety.messages.findings import Finding


class Declared(Protocol):
    """An index or constraint that a model declares."""

    @property
    def name(self) -> str:
        """The declared name, or one that Django would choose."""

    @property
    def is_named(self) -> bool:
        """Whether the model declares the name."""


class Existing(Protocol):
    """An index or constraint that the table has."""

    @property
    def name(self) -> str:
        """The name in the database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """The result of comparing the objects of one kind (columns, indexes or constraints) of one table.

    `declared` is the number of declared objects, `matching` the number of those that exist as declared.
    """

    findings: list[Finding]
    declared: int
    matching: int


D = TypeVar("D", bound=Declared)
E = TypeVar("E", bound=Existing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair(Generic[D, E]):
    """A declared object, and the existing object that corresponds to it or None."""

    declared: D
    existing: E | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing(Generic[D, E]):
    """The pairs of one table for objects of one kind; `extra` are the existing objects that no model declares."""

    pairs: list[Pair[D, E]]
    extra: list[E]


def pair(declared: Sequence[D], found: Iterable[E], *, are_same: Callable[[D, E], bool]) -> Pairing[D, E]:
    """Find the existing object that corresponds to each declared one; `are_same` compares two definitions.

    Objects are paired by declared name first. An object whose name Django chooses is then paired by definition,
    whatever its name is: Django finds it by its columns too, and keeps the old name when a table is renamed. The rest
    are paired by name.
    """
    left = {one.name: one for one in found}
    chosen: dict[int, E] = {}
    for at, one in enumerate(declared):
        if one.is_named and one.name in left:
            chosen[at] = left.pop(one.name)
    for at, one in enumerate(declared):
        candidates = [] if one.is_named else sorted(left.values(), key=lambda other: other.name != one.name)
        if same := next((other for other in candidates if are_same(one, other)), None):
            chosen[at] = left.pop(same.name)
    for at, one in enumerate(declared):
        if at not in chosen and one.name in left:
            chosen[at] = left.pop(one.name)
    pairs = [Pair(declared=one, existing=chosen.get(at)) for at, one in enumerate(declared)]
    return Pairing(pairs=pairs, extra=list(left.values()))
