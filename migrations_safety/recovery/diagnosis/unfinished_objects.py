"""Reads what a deploy that stopped leaves in the catalog: invalid indexes, NOT VALID constraints, half a DETACH."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from django.db import DatabaseError, transaction
from psycopg import sql

from migrations_safety.messages.errors import sqlstate
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

ALL_COUNTS = 0.6
"""Seconds that all counts of orphans may take together."""
ONE_COUNT = 300
"""Milliseconds that one count may take."""
MOST = 1000
"""Orphans are counted up to this number."""
NOT_COUNTED = {
    "42501": "the role may not read its tables, or not all rows of them",
    "55P03": "another session has locked its tables",
    "57014": "its tables are too large for a quick look",
}
"""Why a count was refused or given up, by SQLSTATE."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """An index that no query uses and that every write updates."""

    table: str
    name: str
    bare: str
    """The name without its schema and quotes."""
    is_partitioned: bool
    is_at_work: bool
    """Whether a session holds the lock on its table with which an index is built."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotValid:
    """A constraint of which PostgreSQL has not checked the older rows."""

    table: str
    name: str
    kind: str
    schema: str
    relation: str
    parent_schema: str
    parent_relation: str
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]

    @property
    def is_key(self) -> bool:
        """Whether it is a foreign key."""
        return bool(self.parent_relation)


@dataclass(frozen=True, kw_only=True, slots=True)
class Detaching:
    """A partition that is half detached."""

    table: str
    partition: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Disabled:
    """A table on which triggers of foreign keys are disabled."""

    table: str
    triggers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OrphanLook:
    """The rows without a parent under one NOT VALID key."""

    key: NotValid
    rows: int | None = None
    """None where they were not counted."""
    reason: str = ""
    """Why they were not counted."""

    @property
    def is_cut(self) -> bool:
        """Whether there are more than were counted."""
        return self.rows is not None and self.rows > MOST


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """What is unfinished in the catalog."""

    indexes: tuple[Invalid, ...] = ()
    constraints: tuple[NotValid, ...] = ()
    partitions: tuple[Detaching, ...] = ()
    disabled: tuple[Disabled, ...] = ()
    orphans: tuple[OrphanLook, ...] = field(default=())


def unfinished(connection: Connection) -> Unfinished:
    """Return what is unfinished, without the orphans."""
    return Unfinished(
        indexes=tuple(rows(connection, "unfinished_objects.invalid_indexes", {}, Invalid)),
        constraints=tuple(rows(connection, "unfinished_objects.not_valid", {}, NotValid)),
        partitions=tuple(rows(connection, "unfinished_objects.detaching", {}, Detaching)),
        disabled=tuple(rows(connection, "unfinished_objects.disabled", {}, Disabled)),
    )


def with_orphans(connection: Connection, found: Unfinished) -> Unfinished:
    """Count the rows without a parent under each NOT VALID key, as far as a quick look may."""
    end = time.monotonic() + ALL_COUNTS
    keys = [one for one in found.constraints if one.is_key]
    return replace(found, orphans=tuple(_look(connection, key, end=end) for key in keys))


def _look(connection: Connection, key: NotValid, *, end: float) -> OrphanLook:
    left = min(ONE_COUNT, int((end - time.monotonic()) * 1000))
    if left <= 0:
        return OrphanLook(key=key, reason=NOT_COUNTED["57014"])
    try:
        with transaction.atomic(using=connection.alias):
            return OrphanLook(key=key, rows=_count(connection, key, milliseconds=left))
    except DatabaseError as error:
        state = sqlstate(error)
        if state == "40001" or state is None:
            raise  # a standby has cancelled the reading, or the connection is gone
        return OrphanLook(key=key, reason=NOT_COUNTED.get(state, f"PostgreSQL refused it (SQLSTATE {state})"))


def _count(connection: Connection, key: NotValid, *, milliseconds: int) -> int:
    set_columns = [sql.SQL("child.{} IS NOT NULL").format(sql.Identifier(name)) for name in key.columns]
    pairs = zip(key.parent_columns, key.columns, strict=True)
    equal = [sql.SQL("parent.{} = child.{}").format(sql.Identifier(one), sql.Identifier(other)) for one, other in pairs]
    with connection.cursor() as cursor:
        cursor.execute(statement("unfinished_objects.limit_look"), {"milliseconds": f"{milliseconds}ms"})
        send(
            cursor,
            compose(
                "unfinished_objects.orphans",
                table=sql.Identifier(key.schema, key.relation),
                parent=sql.Identifier(key.parent_schema, key.parent_relation),
                is_set=sql.SQL(" AND ").join(set_columns),
                is_equal=sql.SQL(" AND ").join(equal),
                limit=sql.Literal(MOST + 1),
            ),
        )
        return int(cursor.fetchone()[0])
