"""What the operations of a plan do to tables, columns and foreign keys, which are objects of `lineage`, not names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from migrations_safety.plan.lineage import Column, Lineage, Table
from migrations_safety.plan.model_layouts import ModelName
from migrations_safety.plan.opaque_operations import Code


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A foreign key that an operation adds, drops and adds again, or validates."""

    migration: str
    """Label of the migration, `ehr.0002_keys`."""
    model: ModelName
    """The model that declares the foreign key."""
    child: Column
    """The referencing column."""
    parent: Column | None
    """The referenced column; None where no migration and no installed model has it."""
    name: str | None
    """The name of a ForeignKeyConstraint; None for the constraint that Django makes and names for a ForeignKey."""
    is_validated: bool
    """Whether PostgreSQL checks the existing rows in this operation. False where it adds the constraint NOT VALID."""
    is_filled: bool
    """Whether the plan creates the column with a default, to which existing rows then refer."""
    code: tuple[Code, ...]
    """All code of the plan that runs before this operation, in the order of the plan."""
    code_before_column: int
    """The number of elements of `code` that run before the plan creates the column; 0 for an existing column."""
    is_deferred: bool
    """Whether Django adds the foreign key at the end of the migration, after all code in this migration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What an operation needs: a table or column that must exist, or a name that must be free."""

    migration: str
    """Label of the migration."""
    table: Table | None = None
    """The table that the operation alters or drops, or that has the column."""
    column: Column | None = None
    """The column that the operation alters or drops."""
    name: str = ""
    """The name that the operation gives to a table or index. `table` and `column` are None in this case."""
    code: tuple[Code, ...] = ()
    """All code that runs before this operation. The code may create the table or column, or free the name."""
    done_by: tuple[Code, ...] | None = None
    """The code that may make this change in the database, where Django changes only the state; None where Django makes
    the change itself."""


class Step(StrEnum):
    """What an operation means for the release that is running while `migrate` works, and for the one that follows."""

    ADDS = "adds"
    """It adds or permits something, which the running release does not notice."""
    DROPS = "drops"
    RENAMES = "renames"
    RETYPES = "retypes"
    """The new type does not take, or does not give back, the values of the old one."""
    NARROWS = "narrows"
    """The new type is like the old one, but some values of the old one do not fit."""
    DEMANDS = "demands"
    """An INSERT that leaves out a new column, or leaves it to a default, fails from now on."""
    FORBIDS_NULL = "forbids NULL"
    """The running release may still write NULL into the column."""
    REQUIRES = "requires"
    """A column becomes NOT NULL that the running release always writes, or that has a default."""
    CONSTRAINS = "constrains"
    """A new constraint, which the running release does not know, limits the rows of an existing table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseStep:
    """One step of an operation on a table that exists in the database, as the running release sees it."""

    kind: Step
    migration: str
    """Label of the migration."""
    operation: int
    """The number of the operation in its migration, counted from 1."""
    table: Table
    column: Column | None = None
    """None where the step concerns the table as a whole."""
    detail: str = ""
    """The new name, the old and the new type, or the constraint."""
    blocks_new: bool = False
    """Whether the release that follows cannot add rows until this step is done."""


@dataclass(kw_only=True)
class Changes:
    """All changes of a plan. The function `operation_steps.follow` fills this object."""

    lineage: Lineage = field(default_factory=Lineage)
    keys: list[NewKey] = field(default_factory=list)
    used: list[Use] = field(default_factory=list)
    """Tables and columns that must exist because operations alter or drop them."""
    table_names: list[Use] = field(default_factory=list)
    """Names that new tables get, and that must be free."""
    other_names: list[Use] = field(default_factory=list)
    """Names that indexes of new tables and renamed tables get, and that must be free."""
    dropped: list[Use] = field(default_factory=list)
    """Tables and columns that are dropped."""
    removed: set[tuple[Table, str]] = field(default_factory=set)
    """ForeignKeyConstraints that are dropped, as pairs of table and name."""
    rekeyed: set[Column] = field(default_factory=set)
    """Columns whose foreign key Django itself makes, and drops and adds again."""
    code: list[Code] = field(default_factory=list)
    """Operations that run code, in the order of the plan."""
    unjudged: Counter[str] = field(default_factory=Counter)
    """The number of operations of each kind that change existing tables in a way that no check judges."""
    adding: set[int] = field(default_factory=set)
    """The `id()` of each operation for which Django itself adds a foreign key."""
    freed_indexes: set[str] = field(default_factory=set)
    """Names of indexes that were dropped, alone or with their tables."""
    created_after: dict[Column, int] = field(default_factory=dict)
    """For each column that the plan creates, the number of elements of `code` that run before its creation."""
    filled: set[Column] = field(default_factory=set)
    """Columns that are created with a default."""
    release_steps: list[ReleaseStep] = field(default_factory=list)
    """What the running release and the one that follows notice, in the order of the plan."""
