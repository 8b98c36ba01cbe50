"""A second session beside Django's: for looking at the first one while it is busy."""

from __future__ import annotations

from typing import Any


def parameters(connection: Any) -> dict[str, Any]:
    """What `psycopg.connect` needs to reach the same database as the same role, each statement on its own."""
    same = connection.get_connection_params() | {"autocommit": True}
    return {name: value for name, value in same.items() if name not in {"cursor_factory", "context"}}
