"""What the way back does to the database as it is now, as plain values; names are those of the catalog now."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One operation that is taken back: its migration, its place in there from 1 on, and what it is in words."""

    migration: str
    number: int
    operation: str

    def __str__(self) -> str:
        return f"operation {self.number} ({self.operation})"


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedTable:
    """A table that goes; `apps` are those of its model and of its migration, `is_baseline`: it was there before."""

    table: str
    migration: str
    apps: frozenset[str]
    is_baseline: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedColumn:
    """A column that goes; `filling` is what it was filled with when it was made, as text, None where unknown."""

    table: str
    column: str
    migration: str
    apps: frozenset[str]
    filling: str | None

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RetypedColumn:
    """A column that gets its older type again.

    `length` is that of a varchar, `digits` those of a number before and after its point; `cast`: what does not fit
    is cut where PostgreSQL can cut it, else it is refused.
    """

    table: str
    column: str
    migration: str
    apps: frozenset[str]
    types: tuple[str, str]
    length: int | None
    digits: tuple[int, int] | None
    cast: bool

    @property
    def subject(self) -> str:
        """`bills."note"`: how findings name it."""
        return f'{self.table}."{self.column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredColumn:
    """A column that becomes NOT NULL with nothing to fill it; `column` is None where it is made anew, empty."""

    table: str
    column: str | None
    name: str
    migration: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """Something that the rows of a table will have to fulfil, in words; nobody has looked whether they do."""

    table: str
    migration: str
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """All of it: `enums` are dropped; `names` are those that tables get, with their migration and the code before it.

    `altered` need their owner; `locked` are the tables at the other end of a key that goes or comes; `opaque` steps
    run code of their own, `unjudged` ones read or rewrite all rows of a table that is there. `after_code` has, of
    each table and column that has to be there, the migrations whose code was taken back before.
    """

    tables: tuple[DroppedTable, ...] = ()
    every_column: tuple[DroppedColumn, ...] = ()
    retyped: tuple[RetypedColumn, ...] = ()
    required: tuple[RequiredColumn, ...] = ()
    enums: tuple[str, ...] = ()
    demands: tuple[Demand, ...] = ()
    irreversible: tuple[Step, ...] = ()
    opaque: tuple[Step, ...] = ()
    unjudged: tuple[Step, ...] = ()
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    altered: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    creates: bool = False
    after_code: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @property
    def dropped(self) -> frozenset[str]:
        """The tables that go."""
        return frozenset(one.table for one in self.tables)

    @property
    def columns(self) -> tuple[DroppedColumn, ...]:
        """The columns that go from tables that stay."""
        return tuple(one for one in self.every_column if one.table not in self.dropped)

    @property
    def touched(self) -> frozenset[str]:
        """Every table that is there now and that something is done to."""
        return self.dropped | self.altered | self.locked

    @property
    def read(self) -> frozenset[str]:
        """The tables whose rows are counted."""
        of_columns = (one.table for kind in (self.columns, self.retyped, self.required) for one in kind)
        return self.dropped.union(of_columns)
