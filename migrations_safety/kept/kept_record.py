"""The record of what was kept instead of dropped, in the schema that the kept tables are in."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from migrations_safety.messages.refusals.kept import NoPlaceToKeep
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement
from migrations_safety.sql.identifiers import as_stored, qualify_if_needed, quote_identifier

KEPT_SCHEMA = "migrations_safety_kept"
"""The schema of the kept tables and of this record. Only its owner may use it."""
PREFIX = "migrations_safety_kept_"
"""How each name of something kept begins; the number in the record follows."""
PUT_BACK_BY = "restore_dropped"
"""In the place of a migration: what keeps a column that was made again, with the number of the one that is back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One table, column or type that was kept instead of dropped."""

    number: int
    """The number in the record, by which commands name it."""
    kind: str
    """`table`, `column`, or `type`: an enum that a migration drops and that something kept still has."""
    schema: str
    """The schema that the table or the type was in."""
    table: str
    """The name of the table or the type before; for a column, the name of its table when the column was kept."""
    column: str | None
    """The name of the column before; None where the table was kept as a whole."""
    kept_name: str
    """The present name of the column, or of the table or the type in `migrations_safety_kept`."""
    migration: str
    """The label of the migration that dropped it."""
    run_id: uuid.UUID | None
    """The run of `migrate` in the record of runs."""
    kept_at: datetime
    definition: Any
    """What was taken off it, so that it can be put back: keys, constraints, indexes, defaults."""

    @property
    def was_made_again(self) -> bool:
        """Whether it is a column that stood in the place of one that was put back; its values were carried over."""
        return self.migration.startswith(f"{PUT_BACK_BY} ")

    @property
    def subject(self) -> str:
        """`bills` or `bills."note"`, with the schema unless that is public: how findings name it."""
        table = qualify_if_needed(self.table, schema=self.schema)
        return f"{table}.{quote_identifier(self.column)}" if self.column else table

    @property
    def place(self) -> str:
        """Where it is kept, as SQL names it."""
        if self.column:
            table = qualify_if_needed(self.table, schema=self.schema)
            return f"{table}.{self.kept_name}"
        return f"{KEPT_SCHEMA}.{quote_identifier(self.kept_name)}"


def record_exists(connection: Connection) -> bool:
    """Return whether anything was ever kept in this database."""
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_record.exists"))
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class NoPlace:
    """Why a role cannot keep anything."""

    reason: str
    """What it lacks, in words that follow the name of the schema."""
    grant: str
    """The SQL that helps, as its owner or the owner of the database runs it."""


def no_place(connection: Connection) -> NoPlace | None:
    """Return why nothing can be kept with the rights of this role; None where it can."""
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_record.place"))
        role, owner, may, database = cursor.fetchone()
    role_in_sql = quote_identifier(role)
    if may:
        return None
    if owner:
        reason = f"belongs to {quote_identifier(owner)}, of which {role_in_sql} is no member"
        return NoPlace(reason=reason, grant=f"GRANT {quote_identifier(owner)} TO {role_in_sql};")
    reason = f"cannot be made by {role_in_sql}, which has no CREATE on the database"
    return NoPlace(reason=reason, grant=f"GRANT CREATE ON DATABASE {quote_identifier(database)} TO {role_in_sql};")


def ensure_record(connection: Connection) -> None:
    """Create the schema and the record where they do not exist. Raises NoPlaceToKeep where the role may not."""
    if problem := no_place(connection):
        raise NoPlaceToKeep(reason=problem.reason, grant=problem.grant)
    if record_exists(connection):
        return
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_record.schema_exists"))
        if not cursor.fetchone()[0]:
            cursor.execute(statement("kept_record.create_schema"))
        cursor.execute(statement("kept_record.create"))


def next_number(connection: Connection) -> int:
    """Return the number of what will be kept next."""
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_record.next_number"))
        return int(cursor.fetchone()[0])


def kept_name(number: int, name: str) -> str:
    """Return the name under which something is kept, cut to what PostgreSQL stores."""
    return as_stored(f"{PREFIX}{number}_{name}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Who drops something: a migration in a run."""

    migration: str
    """The label of the migration."""
    run_id: uuid.UUID | None
    """The run in the record of runs; None where nothing is recorded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something was before it was kept."""

    kind: str
    """`table`, `column` or `type`."""
    schema: str
    table: str
    """The name of the table or the type."""
    column: str | None = None


def add(connection: Connection, number: int, place: Place, *, name: str, reason: Reason, definition: Any) -> None:
    """Record what was kept, under which name, and what was taken off it."""
    parameters = {
        **{"number": number, "kind": place.kind, "schema": place.schema, "table": place.table},
        **{"column": place.column, "kept_name": name, "migration": reason.migration, "run_id": reason.run_id},
        "definition": json.dumps(definition),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_record.add"), parameters)


def kept_things(connection: Connection) -> list[Kept]:
    """Return what is kept now, neither restored nor purged, the oldest first."""
    if not record_exists(connection):
        return []
    found = rows(connection, "kept_record.kept_things", {}, Kept)
    return [replace(one, definition=_loaded(one.definition)) for one in found]


def _loaded(definition: Any) -> Any:
    """A jsonb as values: Django lets psycopg return its text."""
    return json.loads(definition) if isinstance(definition, str) else definition


def definition_of(connection: Connection, number: int) -> Any:
    """Return what was taken off the thing with this number."""
    return next(one.definition for one in kept_things(connection) if one.number == number)


def redefine(connection: Connection, number: int, *, table: str, definition: Any) -> None:
    """Record the present name of the table, and what the thing is to get when it is put back."""
    with connection.cursor() as cursor:
        asked = {"number": number, "table": table, "definition": json.dumps(definition)}
        cursor.execute(statement("kept_record.redefine"), asked)


def end(connection: Connection, number: int, *, how: str, run_id: uuid.UUID) -> None:
    """Record that something is kept no more; `how` is `restored` or `purged`."""
    with connection.cursor() as cursor:
        cursor.execute(statement("kept_record.end"), {"number": number, "how": how, "run_id": run_id})
