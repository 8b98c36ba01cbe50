"""Counts what a large table would lose before its lock, and notices by a trigger whether anybody wrote meanwhile.

The last count has to hold for the moment of the drop. Under a lock that keeps writers out, the count of a large table
would keep them waiting, or would be cancelled for them until the rollback gives up. So each large table gets a trigger
first, which moves a sequence on when a row is written that would be lost. The trigger is made under a short lock, so no
earlier writer is left. Then the rows are counted while writers go on. Under the lock of the drop only the sequence is
read: it has no transactions, so it shows every write. If it has moved, the table is counted again.

Values that an earlier type cuts are counted under the lock: this type is given under a stronger one, which reads and
writes all rows anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from psycopg import sql

from migrations_safety.kept.physical import change
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.recovery.kept.put_back import in_one_transaction
from migrations_safety.recovery.rollback.loss_counts import Question, count_losses, lossy, present
from migrations_safety.recovery.rollback.report import Loss
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

LARGE = 8_000_000
"""From how many bytes a table is watched; a smaller one is counted under the lock in a few milliseconds."""


class WrittenMeanwhile(Exception):
    """Raised under the lock where a row was written since the table was counted; the argument is the watch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A trigger with the sequence and the function of its name."""

    schema: str
    table: str
    name: str

    @property
    def what(self) -> str:
        """What works on it, for messages."""
        return f"The watch over {self.table}"

    @property
    def parts(self) -> dict[str, sql.Identifier]:
        """The names in SQL."""
        return {
            "table": sql.Identifier(self.schema, self.table),
            "object": sql.Identifier(self.schema, self.name),
            "trigger": sql.Identifier(self.name),
        }


@dataclass(kw_only=True)
class Watch:
    """The watch over one table for one migration."""

    name: str
    migration: str
    questions: list[Question]
    moved: int = 0
    """Where the sequence stood when no writer was at work, before the count."""
    losses: tuple[Loss, ...] = ()


class WriteWatch:
    """Watches the large tables of a rollback; `questions` are all that is counted."""

    def __init__(self, connection: Connection, questions: Sequence[Question]) -> None:
        self.connection = connection
        self.questions = [one for one in questions if not one.casts]
        self.watches: list[Watch] = []

    def begin(self) -> None:
        """Watch the large tables; what a killed rollback has left goes before."""
        self.end()
        by_table: dict[tuple[str, int], list[Question]] = defaultdict(list)
        large = self._large()
        for one in self.questions:
            if one.oid in large:
                by_table[one.migration, one.oid].append(one)
        for number, ((migration, _), asked) in enumerate(by_table.items(), start=1):
            watch = Watch(name=f"migrations_safety_watch_{number}", migration=migration, questions=asked)
            if where := present(self.connection, asked[0]):
                place = Place(schema=where.schema, table=where.table, name=watch.name)
                in_one_transaction(self.connection, partial(self._make, watch, place), what=place.what)
                self.watches.append(watch)

    def count(self, watch: Watch) -> tuple[Loss, ...]:
        """Count what the table would lose, while writers go on."""
        if place := self._place(watch):
            in_one_transaction(self.connection, partial(self._mark, watch, place), what=place.what)
        with transaction.atomic(using=self.connection.alias):
            watch.losses = count_losses(self.connection, watch.questions).losses
        return watch.losses

    def of(self, migration: str) -> list[Watch]:
        """Return the watches over what this migration drops, as far as they were not settled."""
        return [one for one in self.watches if one.migration == migration and self._place(one)]

    def settle(self, watch: Watch) -> tuple[Loss, ...]:
        """Under the lock of the drop: end the watch, and return what was counted, which still holds.

        Raises WrittenMeanwhile where it does not.
        """
        place = self._place(watch)
        assert place
        if self._moved(place) != watch.moved:
            raise WrittenMeanwhile(watch)
        self._drop(place)
        return watch.losses

    def give_up(self, watch: Watch) -> None:
        """Let the table be counted under the lock, because somebody writes into it all the time."""
        self.watches.remove(watch)
        if place := self._place(watch):
            in_one_transaction(self.connection, partial(self._drop, place), what=place.what)

    def end(self) -> None:
        """Remove all watches of this database."""
        self.watches = []
        for place in self._places():
            in_one_transaction(self.connection, partial(self._drop, place), what=place.what)

    def _places(self) -> list[Place]:
        return rows(self.connection, "write_watch.places", {}, Place)

    def _place(self, watch: Watch) -> Place | None:
        """Where the trigger is now, because a migration may rename its table."""
        return next((one for one in self._places() if one.name == watch.name), None)

    def _large(self) -> set[int]:
        asked = {"oids": [one.oid for one in self.questions], "bytes": LARGE}
        with self.connection.cursor() as cursor:
            cursor.execute(statement("write_watch.large"), asked)
            return {oid for (oid,) in cursor.fetchall()}

    def _make(self, watch: Watch, place: Place) -> None:
        parts = place.parts
        change(self.connection, "write_watch.create_sequence", sequence=parts["object"])
        with self.connection.cursor() as cursor:
            cursor.execute(statement("write_watch.oid"), {"schema": place.schema, "name": place.name})
            (oid,) = cursor.fetchone()
        body = sql.Literal(statement("write_watch.body").format(oid=oid))
        change(self.connection, "write_watch.create_function", function=parts["object"], body=body)
        named = {"trigger": parts["trigger"], "table": parts["table"]}
        condition = self._condition(watch)
        change(self.connection, "write_watch.create_trigger", **named, function=parts["object"], condition=condition)
        change(self.connection, "write_watch.always", **named)

    def _condition(self, watch: Watch) -> sql.Composable:
        """True for a row that would be lost; for every row where the whole table goes, or the type changes before."""
        found: list[sql.Composable] = []
        for one in watch.questions:
            where = present(self.connection, one)
            if one.column is None or one.is_retyped or where is None:
                return compose("write_watch.any_row")
            found.append(compose("write_watch.brackets", condition=lossy(one, where, row="new")))
        return sql.SQL(" OR ").join(found)

    def _mark(self, watch: Watch, place: Place) -> None:
        change(self.connection, "loss_guard.lock", table=place.parts["table"])
        watch.moved = self._moved(place)

    def _moved(self, place: Place) -> int:
        with self.connection.cursor() as cursor:
            send(cursor, compose("write_watch.moved", sequence=place.parts["object"]))
            return int(cursor.fetchone()[0])

    def _drop(self, place: Place) -> None:
        parts = place.parts
        change(self.connection, "write_watch.drop_trigger", trigger=parts["trigger"], table=parts["table"])
        change(self.connection, "write_watch.drop_function", function=parts["object"])
        change(self.connection, "write_watch.drop_sequence", sequence=parts["object"])
