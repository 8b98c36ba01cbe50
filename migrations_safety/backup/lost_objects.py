"""Which objects of a database go with something that another server does not have.

That may be an extension, a collation, a role that a policy names, the right of a superuser, or a foreign server. Asked
of the original, because its catalog knows what depends on what; a failed restore would know only what failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import records
from migrations_safety.sql import statement

OUTSIDE, SUPERUSER = "outside", "superuser"
"""What depends on foreign tables and servers, and what only a superuser may create."""
COLLATIONS = ("collation", "system collation")
"""Those that were made in the database, and those that every new one of its server has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """Objects that are lost together."""

    objects: frozenset[tuple[int, int]] = frozenset()
    """The oid of their catalog, and their own."""
    tables: frozenset[tuple[str, str]] = frozenset()
    """Schemas and names of the tables among them, those of extensions included."""
    hurt: frozenset[tuple[str, str]] = frozenset()
    """Tables that are lost or lose a key or an index; those of extensions are not among them."""

    def __or__(self, other: Lost) -> Lost:
        return Lost(
            objects=self.objects | other.objects,
            tables=self.tables | other.tables,
            hurt=self.hurt | other.hurt,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What is lost without what, for a whole database."""

    extensions: dict[str, Lost]
    roles: dict[str, Lost]
    collations: dict[str, Lost]
    """By the oid of those that were made here, and the name of those that every new database of the server has."""
    outside: Lost
    superuser: Lost

    @property
    def needed(self) -> frozenset[str]:
        """The extensions without which tables are lost, or keys or indexes of them."""
        return frozenset(name for name, lost in self.extensions.items() if lost.hurt)

    def lost_without(
        self,
        *,
        extensions: Iterable[str] = (),
        roles: Iterable[str] = (),
        collations: Iterable[str] = (),
        is_superuser: bool = True,
    ) -> Lost:
        """Return what is lost where these are missing; what reaches outside is lost anywhere."""
        lost = self.outside if is_superuser else self.outside | self.superuser
        parts = ((self.extensions, extensions), (self.roles, roles), (self.collations, collations))
        for known, names in parts:
            for name in names:
                lost |= known.get(name, Lost())
        return lost


def needs_of(connection: Connection) -> Needs:
    """Ask the catalog of the database."""
    with connection.cursor() as cursor:
        cursor.execute(statement("lost_objects.lost"))
        found = records(cursor)
    parts: dict[tuple[str, str], Lost] = {}
    for row in found:
        key = (row["kind"], row["name"])
        parts[key] = parts.get(key, Lost()) | _lost(row)
    return Needs(
        extensions={name: lost for (kind, name), lost in parts.items() if kind == "extension"},
        roles={name: lost for (kind, name), lost in parts.items() if kind == "role"},
        collations={name: lost for (kind, name), lost in parts.items() if kind in COLLATIONS},
        outside=parts.get((OUTSIDE, ""), Lost()),
        superuser=parts.get((SUPERUSER, ""), Lost()),
    )


def _lost(row: dict[str, str]) -> Lost:
    return Lost(
        objects=frozenset((catalog, oid) for catalog, oid in json.loads(row["objects"])),
        tables=frozenset((schema, table) for schema, table in json.loads(row["tables"])),
        hurt=frozenset((schema, table) for schema, table in json.loads(row["hurt"])),
    )
