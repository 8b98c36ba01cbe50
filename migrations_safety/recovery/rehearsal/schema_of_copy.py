"""Reads the definitions of a copy, to compare them with those from before."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from migrations_safety.postgresql.catalog_fingerprint import catalog_of_session
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement


def schema_of(parameters: dict[str, Any], search_path: str) -> str:
    """Return the fingerprint of all definitions of a copy, as `catalog_fingerprint` makes it of the original."""
    with closing(open_connection(parameters)) as session:
        session.execute(statement("schema_of_copy.set_search_path").encode(), {"path": search_path})
        return catalog_of_session(session)
