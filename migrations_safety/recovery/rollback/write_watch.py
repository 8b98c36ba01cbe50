"""Counts what a large table would lose before its lock, and notices by a trigger whether anybody wrote meanwhile.

The last count has to hold for the moment of the drop. Under a lock that keeps writers out, the count of a large table
would keep them waiting, or would be cancelled for them until the rollback gives up. So each large table gets a trigger
first, which moves a sequence on when a row is written that would be lost. The trigger is made under a short lock, so no
earlier writer is left. Then the rows are counted while writers go on. Under the lock of the drop only the sequence is
read: it has no transactions, so it shows every write. If it has moved, the table is counted again.

The condition stands at the trigger. PostgreSQL does not change the type of a column that the condition of a trigger
names, so where the type changes meanwhile the trigger's function looks at the row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
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


COLUMN = "migrations_safety_column_{}"
"""What stands for a column in a condition that is asked whatever the name of the column is by then."""


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
        self.questions = list(questions)
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
        self._make_function(watch, oid, parts["object"])
        named = {"trigger": parts["trigger"], "table": parts["table"]}
        more = {"event": compose(_event(watch)), "condition": self._condition(watch)}
        change(self.connection, "write_watch.create_trigger", **named, function=parts["object"], **more)
        change(self.connection, "write_watch.always", **named)

    def _make_function(self, watch: Watch, sequence: int, function: sql.Identifier) -> None:
        """Make the trigger's function: it moves the sequence on, in some cases only for a row that is lost."""
        oid = sql.Literal(sequence)
        if not _looks(watch):
            body = sql.Literal(compose("write_watch.body", oid=oid).as_string())
            change(self.connection, "write_watch.create_function", function=function, body=body)
            return
        places = [(one, place) for one in watch.questions if (place := present(self.connection, one))]
        each = [lossy(one, replace(place, column=COLUMN.format(one.attnum)), row="new") for one, place in places]
        condition = sql.SQL(" OR ").join(compose("write_watch.brackets", condition=one) for one in each)
        change(
            self.connection,
            "write_watch.create_looking_function",
            function=function,
            condition=sql.Literal(condition.as_string()),
            oid_of_table=sql.Literal(watch.questions[0].oid),
            columns=sql.Literal("{" + ",".join(str(one.attnum) for one, _ in places) + "}"),
            oid=oid,
        )

    def _condition(self, watch: Watch) -> sql.Composable:
        """True for a row that would be lost; for every row where a whole table goes, or where the function looks."""
        found: list[sql.Composable] = []
        for one in watch.questions:
            where = present(self.connection, one)
            if one.column is None or where is None or _looks(watch):
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


def _looks(watch: Watch) -> bool:
    """Whether the function looks at the row, because a column gets another type before its last count."""
    columns = [one for one in watch.questions if one.column]
    return len(columns) == len(watch.questions) and any(one.is_retyped or one.casts for one in columns)


def _event(watch: Watch) -> str:
    """The writes that can lose more: where a whole table goes, a row that was there before was counted."""
    is_lost_already = all(one.column is None and one.untouched is None for one in watch.questions)
    return "write_watch.insert" if is_lost_already else "write_watch.insert_or_update"
