"""Reads from the operations of migrations which roles and extensions they take for granted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.postgres.operations import CreateExtension
from django.db.migrations.operations import RunSQL, SeparateDatabaseAndState

from migrations_safety.measurement.passed_over import texts_of

NAME = r'(?:"(?:[^"]|"")+"|\w+)'
GRANTEES = re.compile(
    rf"\b(?:GRANT\b[^;]*?\bTO|REVOKE\b[^;]*?\bFROM|OWNER\s+TO|FOR\s+(?:ROLE|USER)|POLICY\b[^;]*?\bTO)\s+"
    rf"(?:GROUP\s+)?({NAME}(?:\s*,\s*{NAME})*)",
    re.IGNORECASE,
)
MADE_ROLES = re.compile(rf"\bCREATE\s+(?:ROLE|USER|GROUP)\s+(?!MAPPING\b)({NAME})", re.IGNORECASE)
EXTENSIONS = re.compile(rf"\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?({NAME})", re.IGNORECASE)
NO_ROLES = frozenset({"public", "current_user", "current_role", "session_user", "postgres"})


def roles_named(migrations: Iterable[Any]) -> list[str]:
    """Return the roles that SQL of the migrations names and that none of them creates."""
    texts = list(_texts(migrations))
    found = {_plain(name) for text in texts for names in GRANTEES.findall(text) for name in re.findall(NAME, names)}
    made = {_plain(name) for text in texts for name in MADE_ROLES.findall(text)}
    return sorted(name for name in found - made - NO_ROLES if not name.startswith("pg_"))


def extensions_named(migrations: Iterable[Any]) -> frozenset[str]:
    """Return the extensions that the migrations create."""
    migrations = list(migrations)
    by_operation = {str(one.name) for one in _operations(migrations) if isinstance(one, CreateExtension)}
    return frozenset(by_operation | {_plain(name) for text in _texts(migrations) for name in EXTENSIONS.findall(text)})


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _texts(migrations: Iterable[Any]) -> Iterator[str]:
    for operation in _operations(migrations):
        if isinstance(operation, RunSQL):
            yield from texts_of(operation)


def _operations(migrations: Iterable[Any]) -> Iterator[Any]:
    for migration in migrations:
        yield from _inner(migration.operations)


def _inner(operations: Iterable[Any]) -> Iterator[Any]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _inner(operation.database_operations)
        else:
            yield operation
