"""What a plan does to tables, columns and keys, each followed by identity: the values that `steps` fills."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from migrations_safety.plan.lineage import Column, Lineage, Table
from migrations_safety.plan.model_layouts import ModelName
from migrations_safety.plan.opaque_operations import Code


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key that the plan adds, makes anew, or validates; `code` is what was run before it.

    `is_filled`: the plan gives its column a default. `since` is how much code had run when the plan made the column.
    `waits`: Django adds the key at the end of its migration, after the code that still follows there.
    """

    migration: str
    model: ModelName
    child: Column
    parent: Column | None
    name: str | None
    is_proved: bool
    is_filled: bool
    code: tuple[Code, ...]
    since: int
    waits: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """A table, or a column of it, that an operation alters or drops; or a name that it gives, then without a column.

    `code` is what was run before it; `done_by` is the code that does it where Django does not.
    """

    migration: str
    table: Table | None = None
    column: Column | None = None
    name: str = ""
    code: tuple[Code, ...] = ()
    done_by: tuple[Code, ...] | None = None


@dataclass(kw_only=True)
class Changes:
    """All that a plan does; `used` is what has to be there for it, `named_…` are names that have to be free."""

    lineage: Lineage = field(default_factory=Lineage)
    keys: list[NewKey] = field(default_factory=list)
    used: list[Use] = field(default_factory=list)
    named_tables: list[Use] = field(default_factory=list)
    named_others: list[Use] = field(default_factory=list)
    dropped: list[Use] = field(default_factory=list)
    removed: set[tuple[Table, str]] = field(default_factory=set)
    rekeyed: set[Column] = field(default_factory=set)
    code: list[Code] = field(default_factory=list)
    unjudged: Counter[str] = field(default_factory=Counter)
    adding: set[int] = field(default_factory=set)
    freed_indexes: set[str] = field(default_factory=set)
    made_at: dict[Column, int] = field(default_factory=dict)
    filled: set[Column] = field(default_factory=set)
