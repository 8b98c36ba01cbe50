"""Fills a copy with the keys of the original, replaced, and with made-up values for all that is no key.

What replaces a value depends on a random key, which is made for one copy, held in memory, and forgotten with it.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.fields import id_pattern
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import CopiedDatabase
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.recovery.rehearsal.copying import Filled, fill_copy
from migrations_safety.recovery.rehearsal.keys_only import reduced_tables
from migrations_safety.recovery.rehearsal.keys_only.alphabets import codec_of
from migrations_safety.recovery.rehearsal.keys_only.checks_of_copy import drop_of_group, drop_refusing
from migrations_safety.recovery.rehearsal.keys_only.combinations import Combinations, NothingFits, groups
from migrations_safety.recovery.rehearsal.keys_only.key_values import KeyValues, key_values
from migrations_safety.recovery.rehearsal.keys_only.reduced_rows import ReducedRows, batches, reduced_rows
from migrations_safety.recovery.rehearsal.keys_only.reduced_tables import Place, ReducedTable
from migrations_safety.recovery.rehearsal.keys_only.row_properties import Properties, Property
from migrations_safety.recovery.rehearsal.keys_only.sequences import sequences, set_sequence
from migrations_safety.recovery.rehearsal.report import KeysOnly
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose

OF_ROWS = frozenset({"21", "22", "23", "42", "P0"})
"""Classes of SQLSTATEs that say something of rows, or of functions that they meet."""
ATTEMPTS = 20
"""How many CHECKs of one table may be left out before the table stays empty."""
MEGABYTE = 1 << 20
USUAL_ROW = 150
"""How many bytes a row has, about, in a table that was never analyzed."""


@dataclass(kw_only=True)
class KeysOnlyCopy:
    """The filling of one copy; `parameters` lead to the original."""

    parameters: dict[str, Any]
    properties: Properties
    declared: tuple[tuple[Place, Place | None], ...]
    """The two ends of each key that models or the plan declare."""
    plan_unknown: str | None
    progress: Progress
    found: list[ReducedRows] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    given_up: set[tuple[int, str]] = field(default_factory=set)
    """Columns for which no combination of values is looked for, by table."""
    known: dict[str, dict[bytes, bytes]] = field(default_factory=dict, repr=False)
    values: KeyValues | None = field(default=None, repr=False)
    sends: str = "UTF8"
    """The encoding in which rows are read and written."""
    rows: int = 0

    def fill(self, connection: Connection, copy: CopiedDatabase, *, major: int) -> Filled:
        """Fill an empty copy; `major` is the version of its server. Raises NoCopy and ProgramMissing."""
        filled = fill_copy(connection, copy, major=major, carry=partial(self.carry, copy.parameters))
        self.compare(copy.parameters)
        return replace(filled, keys_only=self.result())

    def carry(self, copy: dict[str, Any], snapshot: str) -> None:
        """Fill the tables of the copy, whose keys and triggers are not there yet, from the named snapshot."""
        with _silent_driver(), closing(self._original(snapshot)) as original, closing(_settled(copy)) as there:
            own = original.execute(statement("filling.export").encode()).fetchall()[0][0]
            tables = self._look(original)
            known_sequences = sequences(original)
            total = sum(one.bytes for one in tables) // MEGABYTE + 1
            with self.progress.steps("Copying keys, megabytes read", total=total) as advance:
                before = 0

                def read_so_far(part: int) -> None:
                    advance((before + part) // MEGABYTE)

                for table in tables:
                    self._load(there, table, own, read_so_far)
                    before += table.bytes
                    advance(before // MEGABYTE)
            for one in known_sequences:
                set_sequence(there, one)
        self.values = None  # with its key
        self.known.clear()

    def _look(self, original: psycopg.Connection[Any]) -> list[ReducedTable]:
        """Return the tables of the original, and decide how values are replaced."""
        encoding = original.execute(statement("filling.encoding").encode()).fetchall()[0][0]
        bounds = reduced_tables.bounds(original)
        self.sends = encoding if encoding == "SQL_ASCII" else "UTF8"
        tables = reduced_tables.read(original, [*self.declared, *self.properties.places()])
        conditions = [one for table in tables for one in table.conditions_of_keys()]
        self.values = key_values(
            pattern=_usable(id_pattern()), encoding=codec_of(encoding), bounds=bounds, conditions=conditions
        )
        if objects := original.execute(statement("filling.large_objects").encode()).fetchall()[0][0]:
            self.lost.append(f"{pluralize(objects, 'large object')}: not copied")
        return tables

    def compare(self, copy: dict[str, Any]) -> None:
        """Count on the copy what is true of its rows, and note what is not true of as many as in the original."""
        with closing(_settled(copy)) as there:
            by_root = defaultdict(list)
            for rows in self.found:
                if rows.judged and rows.table.name not in self.empty:
                    by_root[rows.table.root_name].append(rows)
            for tables in by_root.values():
                self.lost += _differing(there, tables)

    def result(self) -> KeysOnly:
        """Return what the report says of it."""
        tables = [rows.table for rows in self.found]
        return KeysOnly(
            tables=len(tables) - len(self.empty),
            rows=self.rows,
            keys=sum(len(table.keys) for table in tables),
            filled=sum(len(table.filled) for table in tables),
            as_they_are=tuple(table.name for table in tables if table.is_as_it_is),
            lost=tuple(dict.fromkeys(self.lost)),
            left_out=tuple(dict.fromkeys(self.left_out)),
            empty=tuple(self.empty),
            plan_unknown=self.plan_unknown,
        )

    def _original(self, snapshot: str) -> psycopg.Connection[Any]:
        session = _settled(self.parameters)
        session.execute(statement("filling.begin").encode())
        session.execute(compose("filling.join", name=sql.Literal(snapshot)))
        return session

    def _prepared(self, there: psycopg.Connection[Any], table: ReducedTable) -> ReducedRows:
        assert self.values is not None
        judged, found = list[Property](), list[Combinations]()
        if not table.is_as_it_is:
            judged, lost = self.properties.of(table)
            self.lost += lost
            keys = {name: table.columns[name] for name in table.keys if self._is_replaced(table, name)}
            filled = {
                name: one for name, one in table.filled_besides(keys).items() if not self._is_given_up(table, name)
            }
            found = groups(judged, filled, keys)
        for one in found:
            one.find(there)
        usable = [one for one in found if one.by_pattern]
        return reduced_rows(table, self.values, self.known, usable, [one for one in judged if not one.is_required])

    def _is_replaced(self, table: ReducedTable, name: str) -> bool:
        column = table.columns[name]
        assert self.values is not None
        return self.values.replace(column.base, column.category, column.labels) is not None

    def _is_given_up(self, table: ReducedTable, name: str) -> bool:
        return (table.oid, name) in self.given_up

    def _load(self, there: psycopg.Connection[Any], table: ReducedTable, snapshot: str, advance: Any) -> None:
        """Copy the rows of a table; a CHECK that refuses one is left out of the copy, and said."""
        if table.is_empty:
            self.found.append(ReducedRows(table=table))
            return
        for _ in range(ATTEMPTS):
            rows = self._prepared(there, table)
            try:
                self.rows += self._copied(there, rows, snapshot, advance)
            except NothingFits as error:
                self.left_out += (dropped := drop_of_group(there, table, error.group))
                if not dropped:  # no value of the type is known
                    self.given_up |= {(table.oid, column.name) for column in error.group.columns}
            except psycopg.Error as error:
                if (error.sqlstate or "08")[:2] not in OF_ROWS:
                    reason = f"the rows of {table.name} could not be written ({_state(error)})"
                    raise NoCopy(reason, hint="Look at the server of the copy, and its free space.") from None
                self.left_out += (dropped := drop_refusing(there, error))
                if not dropped:
                    column = f', column "{error.diag.column_name}"' if error.diag.column_name else ""
                    self.lost.append(f"rows of {table.name}: none could be made up ({_state(error)}{column})")
                    break
            else:
                self._keep(rows)
                return
        self.found.append(rows)
        self.empty.append(table.name)

    def _keep(self, rows: ReducedRows) -> None:
        name = rows.table.name
        self.lost += [f'column "{one}" of {name}: it is NULL, as no value of its type is known' for one in rows.unknown]
        self.lost += [f'key "{one}" of {name}: filled, not replaced' for one in rows.not_replaced]
        self.found.append(rows)

    def _copied(self, there: psycopg.Connection[Any], rows: ReducedRows, snapshot: str, advance: Any) -> int:
        table = rows.table
        named: sql.Composable = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, rows.columns)))
        target = sql.Identifier(table.root_schema, table.root_relation)
        number, expected = 0, table.rows or table.bytes // USUAL_ROW
        writing = compose("filling.write", table=target, columns=named if rows.columns else sql.SQL(""))
        with closing(self._original(snapshot)) as original, there.cursor() as writer:
            reading = compose("filling.read", fields=rows.fields, table=sql.Identifier(table.schema, table.relation))
            for session in (original, there):
                _set_encoding(session, self.sends)
            try:
                with writer.copy(writing) as sink:
                    for some, piece in batches(_made(original, reading, rows)):
                        sink.write(piece)
                        number += some
                        advance(min(table.bytes, table.bytes * number // max(expected, number, 1)))
            finally:
                with suppress(psycopg.Error):  # the session may be lost
                    _set_encoding(there, "UTF8")
        return number


def _settled(parameters: dict[str, Any]) -> psycopg.Connection[Any]:
    session = open_connection(parameters)
    reduced_tables.settle(session)
    _set_encoding(session, "UTF8")
    return session


def _set_encoding(session: psycopg.Connection[Any], encoding: str) -> None:
    session.execute(statement("filling.client_encoding").encode(), {"encoding": encoding})


@contextmanager
def _silent_driver() -> Iterator[None]:
    """Keep psycopg from logging errors of a COPY that was given up, which may repeat a value."""
    logger = logging.getLogger("psycopg")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _usable(pattern: str) -> str:
    """Return the pattern of ids, if it means something here too."""
    try:
        re.compile(pattern)
    except re.error:
        return ""
    return pattern


def _made(original: psycopg.Connection[Any], reading: sql.Composed, rows: ReducedRows) -> Iterator[bytes]:
    """Return the rows of the copy one by one; raises NoCopy where those of the original cannot be read or replaced."""
    made = rows.maker()
    try:
        with original.cursor() as reader, reader.copy(reading) as source:
            for row in source:
                yield made(bytes(row))
    except NothingFits:
        raise
    except psycopg.Error as error:
        hint = "Let a role read all rows: GRANT pg_read_all_data TO the role; ALTER ROLE … BYPASSRLS."
        reason = f"the rows of {rows.table.name} could not be read ({_state(error)})"
        raise NoCopy(reason, hint=hint if error.sqlstate == "42501" else "") from None
    except Exception as error:  # its message may hold a value, and psycopg would send it to the copy
        raise NoCopy(f"a row of {rows.table.name} could not be replaced ({type(error).__name__})") from None


def _state(error: psycopg.Error) -> str:
    return f"SQLSTATE {error.sqlstate}" if error.sqlstate else "the connection was lost"


def _differing(there: psycopg.Connection[Any], tables: list[ReducedRows]) -> Iterator[str]:
    """Return what is true of another number of rows; `tables` are the partitions of one table, or one table."""
    first = tables[0]
    root = sql.Identifier(first.table.root_schema, first.table.root_relation)
    table = sql.SQL("ONLY ") + root if first.table.name == first.table.root_name else root
    before: Counter[bytes] = Counter()
    for rows in tables:
        before += rows.truths
    try:
        found = there.execute(compose("filling.truths", truths=first.told, table=table)).fetchall()
    except psycopg.Error as error:
        yield f"what is true of the rows of {first.table.root_name}: not comparable (SQLSTATE {error.sqlstate})"
        return
    after = {truths.encode(): number for truths, number in found}
    for place, one in enumerate(first.judged):
        numbers = _true(before, place), _true(after, place)
        if numbers[0] != numbers[1]:
            yield f"{one.words}: true of {numbers[0]:,} rows, and of {numbers[1]:,} in the copy"


def _true(counted: Any, place: int) -> int:
    return sum(number for truths, number in counted.items() if truths[place : place + 1] == b"t")
