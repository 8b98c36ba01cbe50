"""What the operations of a plan do to tables, columns and keys, each followed by identity (see `lineage`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from migrations_safety.plan.lineage import Column, Lineage, Table
from migrations_safety.plan.model_layouts import ModelName
from migrations_safety.plan.opaque_operations import Code


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A foreign key that an operation adds, drops and adds again, or validates."""

    migration: str
    """Label of the migration, `ehr.0002_keys`."""
    model: ModelName
    """The model that declares the key."""
    child: Column
    """The referencing column."""
    parent: Column | None
    """The referenced column, None where no migration and no installed model has it."""
    name: str | None
    """The name of a ForeignKeyConstraint; None for a key that Django makes, and names, for a ForeignKey."""
    is_validated: bool
    """True where PostgreSQL checks the existing rows in this operation, False where it adds the key NOT VALID."""
    is_filled: bool
    """The plan creates the column with a default, so that existing rows reference its value."""
    code: tuple[Code, ...]
    """All code that runs before this operation, in its order."""
    code_before_column: int
    """How many elements of `code` had run when the plan created the column; 0 for a column of the database."""
    is_deferred: bool
    """Django sends the key with the deferred SQL of its migration, so after the code that follows in there."""


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
    """The name that the operation gives to a table or index; then there is neither table nor column."""
    code: tuple[Code, ...] = ()
    """All code that runs before this operation: it may create what is needed, or free the name."""
    done_by: tuple[Code, ...] | None = None
    """The code that makes this change itself, where the migration changes only the state; None where Django
    makes it."""


@dataclass(kw_only=True)
class Changes:
    """All changes of a plan; filled by `operation_steps.follow`."""

    lineage: Lineage = field(default_factory=Lineage)
    keys: list[NewKey] = field(default_factory=list)
    used: list[Use] = field(default_factory=list)
    """Tables and columns that must exist because operations alter or drop them."""
    table_names: list[Use] = field(default_factory=list)
    """Names of new tables; they must be free."""
    other_names: list[Use] = field(default_factory=list)
    """Names of indexes of new tables, and new names of renamed tables; they must be free."""
    dropped: list[Use] = field(default_factory=list)
    """Tables and columns that are dropped."""
    removed: set[tuple[Table, str]] = field(default_factory=set)
    """ForeignKeyConstraints that are dropped, by table and name."""
    rekeyed: set[Column] = field(default_factory=set)
    """Columns whose key, one that Django makes, is dropped and added again."""
    code: list[Code] = field(default_factory=list)
    """Operations that run code, in the order of the plan."""
    unjudged: Counter[str] = field(default_factory=Counter)
    """How many operations of each kind change existing tables in a way that no check judges."""
    adding: set[int] = field(default_factory=set)
    """The `id()` of each operation that adds a key which Django makes."""
    freed_indexes: set[str] = field(default_factory=set)
    """Names of indexes that were dropped, alone or with their tables."""
    created_after: dict[Column, int] = field(default_factory=dict)
    """How many elements of `code` had run when a column was created."""
    filled: set[Column] = field(default_factory=set)
    """Columns that are created with a default."""
