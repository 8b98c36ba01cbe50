"""Notices what code of a migration deletes, changes, empties or drops when it is unapplied.

Nobody can count that before: the code of a RunPython or RunSQL may do anything. So the rows that PostgreSQL counts for
the transaction are compared before and after, and a loss rolls the transaction back. What the rollback drops itself
is left out, and so is what Django's own operations update. In a migration that is not one transaction a loss would be
noticed after its COMMIT, so such code needs a person's word before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a transaction has done so far to a table."""

    oid: int
    table: str
    bytes: int
    deleted: int
    updated: int
    columns: tuple[int, ...]
    """The numbers of its columns."""


class CodeWatch:
    """Compares the tables before and after the transaction of one migration.

    `going` are the oids of the tables that go, `watched` the labels of the migrations whose code nobody has accepted,
    and `again` is the rollback as it is typed again.
    """

    def __init__(self, connection: Connection, *, going: Sequence[int], watched: Sequence[str], again: str) -> None:
        self.connection = connection
        self.again = again
        self.going = frozenset(going)
        self.watched = frozenset(watched)
        self.before: dict[int, Figures] = {}
        self._updated_by_django: dict[int, int] = {}

    def begin(self) -> None:
        """Take the figures before."""
        self.before = self._figures()
        self._updated_by_django = {}

    def pass_over(self, before: dict[int, Figures]) -> None:
        """Leave out what an operation of Django has updated since `before`."""
        for oid, now in self._figures().items():
            changed = now.updated - (before[oid].updated if oid in before else 0)
            self._updated_by_django[oid] = self._updated_by_django.get(oid, 0) + changed

    def figures(self) -> dict[int, Figures]:
        """Return the figures of now, for `pass_over`."""
        return self._figures()

    def check(self, migration: str, dropped: Mapping[int, set[int]]) -> Iterator[Finding]:
        """Find out what the code has lost; `dropped` are the columns that the rollback drops, by oid of the table."""
        now = self._figures()
        for oid, was in self.before.items():
            if how := _lost(was, now.get(oid), dropped.get(oid, set()), self._updated_by_django.get(oid, 0)):
                yield wording.code_would_lose(was.table, how=how, migration=migration, again=self.again)

    def _figures(self) -> dict[int, Figures]:
        asked = {"going": list(self.going)}
        return {one.oid: one for one in rows(self.connection, "code_watch.figures", asked, Figures)}


def _lost(was: Figures, now: Figures | None, dropped: set[int], by_django: int) -> str:
    """Return what happened to the rows of a table, in words; empty where nothing did."""
    if now is None:
        return "was dropped with what it held" if was.bytes else ""
    if was.bytes and not now.bytes:
        return "was emptied"
    if was.bytes and set(was.columns) - set(now.columns) - dropped:
        return "lost a column"
    deleted, updated = now.deleted - was.deleted, now.updated - was.updated - by_django
    parts = [f"lost {pluralize(deleted, 'row')}"] if deleted else []
    parts += [f"had {pluralize(updated, 'row')} changed"] if updated else []
    return " and ".join(parts)
