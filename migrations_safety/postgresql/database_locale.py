"""How a database encodes, sorts and compares text: a copy needs the same, or its indexes would be in another order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import fetch_rows
from migrations_safety.sql import statement

LIBC, ICU, BUILTIN = "c", "i", "b"
SINCE_RULES, SINCE_BUILTIN = 160000, 170000


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseLocale:
    """The locale of a database, as its row in pg_database has it."""

    encoding: str
    collate: str
    ctype: str
    provider: str
    """`c` for libc, `i` for ICU, `b` for PostgreSQL's own."""
    locale: str | None
    rules: str | None

    def without_collation(self) -> DatabaseLocale:
        """Return the same encoding with the order of bytes, which every server has."""
        return replace(self, collate="C", ctype="C", provider=LIBC, locale=None, rules=None)

    def clause(self, session: psycopg.Connection[Any]) -> sql.Composed:
        """Return the options of CREATE DATABASE that make a database with this locale on the server of the session."""
        version = session.info.server_version
        parts: list[sql.Composable] = [_option("ENCODING", self.encoding), _option("LC_COLLATE", self.collate)]
        parts.append(_option("LC_CTYPE", self.ctype))
        if self.provider == BUILTIN and version >= SINCE_BUILTIN:
            parts += [sql.SQL("LOCALE_PROVIDER builtin"), _option("BUILTIN_LOCALE", self.locale or "C")]
        elif self.provider == ICU:
            parts += [sql.SQL("LOCALE_PROVIDER icu"), _option("ICU_LOCALE", self.locale or "und")]
            parts += [_option("ICU_RULES", self.rules)] if self.rules and version >= SINCE_RULES else []
        else:
            parts.append(sql.SQL("LOCALE_PROVIDER libc"))
        return sql.SQL(" ").join(parts)


def _option(name: LiteralString, value: str) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.SQL(name), sql.Literal(value))


def locale_of(connection: Connection) -> DatabaseLocale:
    """Return the locale of the database of this connection."""
    with connection.cursor() as cursor:
        cursor.execute(statement("database_locale.locale"))
        return fetch_rows(cursor, DatabaseLocale)[0]
