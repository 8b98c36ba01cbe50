"""What the catalog says of tables, their columns, indexes and constraints, as plain values in words.

PostgreSQL keeps one letter for each of these words; the statements of `catalog.sql` alone know the letters.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from migrations_safety.sql.identifiers import qualify_if_needed


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table, partitioned or not."""

    name: str
    """As it was asked for, which may be with its schema and in quotes."""
    oid: int
    schema: str
    """The schema that it was found in."""
    relation: str
    """Its name in there."""
    is_partitioned: bool
    is_permanent: bool
    """Neither UNLOGGED nor temporary."""
    row_security: bool
    """Row-level security is enabled; its owner is not held by it."""
    forced_row_security: bool
    """Row-level security holds its owner too."""
    owner: str
    owned: bool
    """The session's role is the owner, or a member of it."""
    may_drop: bool
    """The session's role owns the table or its schema."""
    may_select: bool
    may_reference: bool
    estimated_rows: int
    """As VACUUM or ANALYZE saw them last, 0 where neither did."""

    @property
    def in_sql(self) -> sql.Identifier:
        """As a statement names it, whatever the search path is."""
        return sql.Identifier(self.schema, self.relation)

    @property
    def to_paste(self) -> str:
        """As a hint names it."""
        return qualify_if_needed(self.relation, schema=self.schema)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhysicalTable:
    """A table itself or one of its partitions."""

    name: str
    """The name of the table that was asked for, that of the partitioned one for a partition."""
    oid: int
    schema: str
    relation: str
    is_partitioned: bool
    """It holds no rows itself, its partitions do."""
    is_foreign: bool
    """Its rows are on another server: it has neither blocks nor a size here."""
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table."""

    table_oid: int
    name: str
    type_oid: int
    type_modifier: int
    """Length or precision as PostgreSQL encodes it, -1 for none."""
    type: str
    """With length and precision, as PostgreSQL prints it."""
    base_type: str
    """The type under a domain, else the same as `type`."""
    nullable: bool
    """May hold NULL: a NOT NULL that is not validated yet (PostgreSQL 18) promises nothing about old rows."""
    default: str | None
    """The expression of the default, or of a generated column."""
    identity: bool
    """GENERATED … AS IDENTITY."""
    generated: bool
    """GENERATED ALWAYS AS an expression."""
    collation: str
    """Empty where it is the collation of the type."""
    deterministic: bool
    """Equal values have equal bytes; false for a collation that, say, ignores case."""
    indexed: bool
    """A valid index of all rows begins with it."""
    is_unique: bool
    """A valid unique index of all rows has it alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvalidIndex:
    """An index that no query uses and every write keeps up, with its table."""

    table: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignKey:
    """One foreign key of a table or of one of its partitions."""

    table_oid: int
    """The table; the partitioned one for a key of a partition."""
    name: str
    partition: str
    """The partition that alone has the key; empty for a key of the whole table."""
    columns: tuple[str, ...]
    target_oid: int
    target_table: str
    target_schema: str
    target_columns: tuple[str, ...]
    on_delete: str
    """The rule in SQL's words: NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT."""
    on_update: str
    """The same for a changed id of the parent."""
    is_match_simple: bool
    """Without MATCH FULL: a reference with a NULL in it has no parent."""
    set_columns: int
    """How many columns the rule names: ON DELETE SET NULL (a, b)."""
    deferrable: bool
    deferred: bool
    """INITIALLY DEFERRED."""
    validated: bool
    """Not NOT VALID: the rows that were there before it have been looked at too."""
    enforced: bool
    """Not NOT ENFORCED (PostgreSQL 18)."""
    disabled_triggers: tuple[str, ...]
    """Statements that enable those of its triggers, on both tables, that do not fire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherConstraint:
    """A constraint that is no foreign key."""

    table_oid: int
    name: str
    kind: str
    """PRIMARY KEY, CHECK, UNIQUE or EXCLUDE."""
    columns: tuple[str, ...]
    definition: str
    """As PostgreSQL prints it; of a CHECK its expression alone."""
    validated: bool
    deferrable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedColumn:
    """A column by its name and the name of its table."""

    table_oid: int
    table: str
    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnNamedAlike:
    """A column that is named like a referencing one, in a table that no declared key covers."""

    schema: str
    table: str
    column: str
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableElsewhere:
    """A table that the current schema lacks and that another schema further along the search path has."""

    name: str
    schema: str
    """Where it was found."""
    current: str
    """The current schema."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Partition:
    """A partition that holds rows."""

    name: str
    """With its schema, in quotes where it needs them."""
    validated: bool | None
    """Whether the key that was asked for is validated there; None where the partition has no such key."""
