"""The search path: which schema new tables are made in, and the refusals where that is none, or another than expected.

A command works on one schema, the one where new tables are made: its history, tables and types. What is found only
further along the path belongs to somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.messages.refusals.privilege import MayNotUseSchema
from migrations_safety.messages.refusals.target import HistoryElsewhere, NoSchema, WrongSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """The search path of a session."""

    path: str
    """The setting as it is written."""
    source: str
    """Where it comes from: user, database, client, session or default, as pg_settings says."""
    role: str
    database: str
    history: str | None
    """The schema that alone has Django's record of migrations; None for none or several."""

    def command_to_set(self, schema: str) -> str:
        """The next command to type, so that the path is that schema alone."""
        value = f"SET search_path = {quote_if_needed(schema)};"
        if self.source == "user":
            return f"ALTER ROLE {quote_identifier(self.role)} {value}"
        if self.source == "database":
            return f"ALTER DATABASE {quote_identifier(self.database)} {value}"
        if self.source == "client":
            where = "In the connection's options (DATABASES, DATABASE_URL or PGOPTIONS)"
            return f"{where}: -c search_path={quote_if_needed(schema)}"
        if self.source == "session":
            return f"Where the project's code sets it after connecting: {value}"
        return f"ALTER ROLE {quote_identifier(self.role)} IN DATABASE {quote_identifier(self.database)} {value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedSchema:
    """A schema that the path names; PostgreSQL passes over it where it does not exist or the role may not use it."""

    name: str
    exists: bool
    usable: bool
    """The role has USAGE on it."""


def refuse_other_schema(
    connection: Connection, *, schema: str | None, history: str | None, role: str, expected: str | None
) -> str:
    """Give `schema` back (what `current_schema()` says); `history` is the schema in which Django finds its record.

    Raises NoSchema or MayNotUseSchema where the path leads nowhere, WrongSchema where it is not the expected one,
    HistoryElsewhere where Django would read the history of one schema and make tables in another.
    """
    if schema is None or schema.startswith("pg_") or schema == "information_schema":
        raise _nowhere(connection, schema, role=role)
    if expected is not None and schema != expected:
        raise WrongSchema(found=schema, expected=expected, path=_setting(connection).path)
    if history is not None and history != schema:
        setting = _setting(connection)
        make = f"{quote_if_needed(schema)}.django_migrations "
        make += f"(LIKE {quote_if_needed(history)}.django_migrations INCLUDING ALL);"
        hint = f"For {history}: {setting.command_to_set(history)} "
        hint += f"For {schema}, with a history of its own, which begins empty: CREATE TABLE {make}"
        raise HistoryElsewhere(schema=schema, history=history, path=setting.path, hint=hint)
    return schema


def passed_over(connection: Connection, *, before: str) -> list[str]:
    """Schemas that are there and that the path names before that one, and that the role may not use."""
    named = rows(connection, "search_path.schemas_of_search_path", {}, NamedSchema)
    first = next((place for place, schema in enumerate(named) if schema.name == before), 0)
    return [schema.name for schema in named[:first] if schema.exists and not schema.usable]


def _nowhere(connection: Connection, schema: str | None, *, role: str) -> NoSchema | MayNotUseSchema:
    setting = _setting(connection)
    named = rows(connection, "search_path.schemas_of_search_path", {}, NamedSchema)
    closed = [found.name for found in named if found.exists and not found.usable]
    if schema is None and closed:
        return MayNotUseSchema(role=role, schema=closed[0], path=setting.path)
    problem = "names no schema that exists" if schema is None else f"begins with the system's own schema {schema}"
    hint = setting.command_to_set(setting.history or "public")
    return NoSchema(role=role, path=setting.path or "it is empty", problem=problem, hint=hint)


def _setting(connection: Connection) -> Setting:
    (found,) = rows(connection, "search_path.search_path", {}, Setting)
    return found
