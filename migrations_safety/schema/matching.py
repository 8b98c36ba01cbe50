"""Which object of a table stands for which declared one: by its name, or by its definition where Django made it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from migrations_safety.messages.findings import Finding


class Declared(Protocol):
    """What a model declares."""

    @property
    def name(self) -> str:
        """Its name, or the one that Django would make up."""

    @property
    def is_named(self) -> bool:
        """Whether the model says its name."""


class Existing(Protocol):
    """What the table has."""

    @property
    def name(self) -> str:
        """Its name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """The differences of one table in objects of one kind, how many are declared, and how many are as declared."""

    findings: list[Finding]
    declared: int
    matching: int


D = TypeVar("D", bound=Declared)
E = TypeVar("E", bound=Existing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair(Generic[D, E]):
    """A declared object, and the one that stands for it, if any."""

    declared: D
    existing: E | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing(Generic[D, E]):
    """All pairs of a table in objects of one kind, and the existing objects that stand for none."""

    pairs: list[Pair[D, E]]
    extra: list[E]


def pair(declared: Sequence[D], found: Iterable[E], *, are_same: Callable[[D, E], bool]) -> Pairing[D, E]:
    """Find for each declared object the one that stands for it.

    Names come first, then definitions, then names that Django would make up: these it finds by their columns itself,
    so any name is right, and after a rename of the table an old one is.
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
