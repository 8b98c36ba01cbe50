"""What the catalog says of tables, their columns, indexes and constraints, as plain values.

Where PostgreSQL keeps a letter (`confdeltype` is 'c'), these values hold the word (CASCADE); only `catalog.sql` knows
the letters.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from migrations_safety.sql.identifiers import qualify_if_needed


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table, partitioned or not."""

    name: str
    """The name that was asked for, which may be quoted and with a schema."""
    oid: int
    schema: str
    """The schema in which the table was found."""
    relation: str
    """The name of the table in its schema, without quotes."""
    is_partitioned: bool
    is_permanent: bool
    """Whether the table is neither UNLOGGED nor temporary."""
    row_security: bool
    """Whether row-level security is enabled; it does not apply to the owner of the table."""
    owner: str
    owned: bool
    """Whether the current role is the owner or has its rights."""
    is_of_superuser: bool
    """Whether the owner is a superuser."""
    may_drop: bool
    """Whether the current role owns the table or its schema."""
    may_select: bool
    """Whether the current role has SELECT on the table."""
    may_reference: bool
    """Whether the current role has REFERENCES on the table."""

    @property
    def in_sql(self) -> sql.Identifier:
        """The qualified name of the table in a statement, which does not depend on the search path."""
        return sql.Identifier(self.schema, self.relation)

    @property
    def to_paste(self) -> str:
        """The name of the table in the SQL of a hint, with the schema unless that is public."""
        return qualify_if_needed(self.relation, schema=self.schema)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhysicalTable:
    """A table itself or one of its partitions."""

    name: str
    """The name that was asked for: for a partition, the name of the partitioned table."""
    oid: int
    schema: str
    relation: str
    is_partitioned: bool
    """Whether it is partitioned itself, so that only its partitions hold rows."""
    is_foreign: bool
    """Whether it is a foreign table, which has neither blocks nor a size on this server."""
    bytes: int
    """The size in bytes, without indexes and TOAST."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table."""

    table_oid: int
    name: str
    type_oid: int
    type_modifier: int
    """Length or precision, as encoded in `pg_attribute.atttypmod`; -1 for none."""
    type: str
    """The type as `format_type` prints it, with length and precision."""
    base_type: str
    """The type on which a domain is based; for other types the same as `type`."""
    nullable: bool
    """Whether it may hold NULL. A NOT NULL that is not validated yet (PostgreSQL 18) says nothing of old rows."""
    default: str | None
    """The SQL of the default or, for a generated column, of its expression; None for neither."""
    identity: bool
    """Whether it is an identity column (GENERATED … AS IDENTITY)."""
    generated: bool
    """Whether it is generated from an expression (GENERATED ALWAYS AS)."""
    collation: str
    """The name of the collation; empty where it is the default of the type."""
    deterministic: bool
    """Whether equal values have equal bytes; False for a collation that ignores case, for example."""
    indexed: bool
    """Whether a valid index without WHERE has this column as its first key."""
    is_unique: bool
    """Whether a valid unique index without WHERE has this column as its only key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvalidIndex:
    """An invalid index: no query uses it, but every write still updates it."""

    table: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignKey:
    """One foreign key of a table or of one of its partitions."""

    table_oid: int
    """The oid of the table; for a foreign key of a partition, the oid of the partitioned table."""
    name: str
    partition: str
    """The name of the one partition that has the foreign key; empty where the whole table has it."""
    columns: tuple[str, ...]
    target_oid: int
    """The oid of the referenced table."""
    target_table: str
    target_schema: str
    target_columns: tuple[str, ...]
    on_delete: str
    """The action in SQL: NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT."""
    on_update: str
    """The action when the id of a parent row changes, one of the same words."""
    is_match_simple: bool
    """Whether it is MATCH SIMPLE, the default, and not MATCH FULL."""
    set_columns: int
    """The number of columns that the action names, as in ON DELETE SET NULL (a, b); 0 where it names none."""
    deferrable: bool
    deferred: bool
    """Whether it is INITIALLY DEFERRED."""
    validated: bool
    """Whether PostgreSQL has checked the rows that are older than the foreign key (False for NOT VALID)."""
    enforced: bool
    """Whether it is enforced (False for NOT ENFORCED, new in PostgreSQL 18)."""
    disabled_triggers: tuple[str, ...]
    """For each disabled trigger of the foreign key, on either table, the statement that enables it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherConstraint:
    """A constraint other than a foreign key."""

    table_oid: int
    name: str
    kind: str
    """The kind of constraint: PRIMARY KEY, CHECK, UNIQUE or EXCLUDE."""
    columns: tuple[str, ...]
    definition: str
    """The definition as PostgreSQL prints it; for a CHECK only its expression."""
    validated: bool
    deferrable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedColumn:
    """A column, named by its table and its own name."""

    table_oid: int
    table: str
    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnNamedAlike:
    """A column that is named like a foreign-key column and has no foreign key, in the current schema."""

    table: str
    column: str
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableElsewhere:
    """A table that only another schema further along the search path has, not the current schema."""

    name: str
    schema: str
    """The schema in which the table was found."""
    current: str
    """The schema in which new tables are made (`current_schema()`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Partition:
    """A partition that holds rows."""

    name: str
    """The name with its schema, quoted where SQL needs it."""
    validated: bool | None
    """Whether the foreign key that was asked for is validated there; None where the partition lacks it."""
