"""Compares what all databases of a server share, such as roles, before and after the steps on a copy.

A copy on the server of the original shares them with it. A statement that names them is refused; one that code puts
together inside of the server is not seen, so it is found afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.sql import statement

SharedObjects = Mapping[str, str]
"""A digest of each object, by its kind and name."""


def shared_objects(parameters: dict[str, Any], *, without: Iterable[int] = ()) -> SharedObjects:
    """Return them; `without` are the oids of copies."""
    with closing(open_connection(parameters)) as session:
        found = session.execute(statement("shared_objects.found").encode(), {"without": list(without)}).fetchall()
    return {f"{kind} {name}": digest for kind, name, digest in found}


def changed(before: SharedObjects, after: SharedObjects) -> tuple[str, ...]:
    """Return what was changed, added or dropped meanwhile, by kind and name."""
    return tuple(sorted(one for one in before.keys() | after.keys() if before.get(one) != after.get(one)))
