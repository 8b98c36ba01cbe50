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
    """The setting as it is written, where it comes from, and who has it; `history` is a schema with Django's record."""

    path: str
    source: str
    role: str
    database: str
    history: str | None

    def to(self, schema: str) -> str:
        """The next command to type, so that the path is that one schema."""
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
class Named:
    """A schema that the path names, whether it exists and the role may use it; a role passes over the others."""

    name: str
    exists: bool
    usable: bool


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
        hint = (
            f"For {history}: {setting.to(history)} For {schema}, with a history of its own, which begins empty: "
            f"CREATE TABLE {make}"
        )
        raise HistoryElsewhere(schema=schema, history=history, path=setting.path, hint=hint)
    return schema


def passed_over(connection: Connection, *, before: str) -> list[str]:
    """Schemas that are there and that the path names before that one, and that the role may not use."""
    named = rows(connection, "search_path.schemas_of_search_path", {}, Named)
    first = next((at for at, one in enumerate(named) if one.name == before), 0)
    return [one.name for one in named[:first] if one.exists and not one.usable]


def _nowhere(connection: Connection, schema: str | None, *, role: str) -> NoSchema | MayNotUseSchema:
    setting = _setting(connection)
    named = rows(connection, "search_path.schemas_of_search_path", {}, Named)
    closed = [one.name for one in named if one.exists and not one.usable]
    if schema is None and closed:
        return MayNotUseSchema(role=role, schema=closed[0], path=setting.path)
    problem = "names no schema that exists" if schema is None else f"begins with the system's own schema {schema}"
    return NoSchema(
        role=role, path=setting.path or "it is empty", problem=problem, hint=setting.to(setting.history or "public")
    )


def _setting(connection: Connection) -> Setting:
    (found,) = rows(connection, "search_path.search_path", {}, Setting)
    return found
