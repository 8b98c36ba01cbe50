"""Checks that the search path leads to one schema, and to the expected one.

A command works on one schema: the schema where new tables are made, with its django_migrations, tables and types.
Tables that are found only further along the search path belong to somebody else.
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
    """The value of the setting `search_path`, unexpanded."""
    source: str
    """The column `source` of pg_settings: user, database, client, session, default, …"""
    role: str
    database: str
    history: str | None
    """The only schema that has a table django_migrations; None where there is none or more than one."""

    def command_to_set(self, schema: str) -> str:
        """Return the next command to type, after which the search path is that schema alone."""
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
    """A schema that the search path names.

    PostgreSQL silently skips a schema that does not exist or that the role may not use.
    """

    name: str
    exists: bool
    usable: bool
    """Whether the role has USAGE on the schema."""


def refuse_other_schema(
    connection: Connection, *, schema: str | None, history: str | None, role: str, expected: str | None
) -> str:
    """Return `schema` unchanged if a command may work on it.

    `schema` is the result of `current_schema()`; `history` is the schema in which Django finds django_migrations, or
    None. Raises NoSchema or MayNotUseSchema where the search path leads to no schema, WrongSchema where the schema is
    not the expected one, and HistoryElsewhere where Django would read the django_migrations of one schema and make
    tables in another.
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
    """Return the schemas that stand in the search path before the schema `before` and that the role may not use.

    Schemas that do not exist are left out.
    """
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
