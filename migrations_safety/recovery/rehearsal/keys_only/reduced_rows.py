"""Reads what is needed of each row of the original, and makes the row of the copy from it.

Of a column that is no key only its size is read, whether it is NULL, and what the server says is true of it. Values of
keys are replaced in the memory of this process, row by row. Nothing is written into a file.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from migrations_safety.recovery.rehearsal.keys_only.combinations import Combinations
from migrations_safety.recovery.rehearsal.keys_only.fills import fill_of
from migrations_safety.recovery.rehearsal.keys_only.key_values import KeyValues
from migrations_safety.recovery.rehearsal.keys_only.reduced_tables import Column, ReducedTable
from migrations_safety.recovery.rehearsal.keys_only.row_properties import Property
from migrations_safety.sql.composition import compose

Make = Callable[[bytes], bytes]
"""Makes a field of the copy from one that was read."""
NULL = rb"\N"
REMEMBERED = 50_000
"""How many replaced values are remembered for each type of key."""
POOLED, POOLS = 2000, 500
"""So many values of one size, and of so many sizes, are made up for a column. Then they are used again."""
READ_AS = {"numeric": "number", "float4": "text", "float8": "text", "date": "days", "timestamp": "moment",
           "timestamptz": "moment", "time": "clock"}  # fmt: skip
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
SPECIAL = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A column that is made from one field."""

    field: sql.Composable
    column: str
    make: Make


@dataclass(kw_only=True)
class ReducedRows:
    """How the rows of one table are read and made."""

    table: ReducedTable
    parts: list[Part] = field(default_factory=list)
    groups: list[Combinations] = field(default_factory=list)
    """Columns that are made together; the fields of each are its pattern and the length of a text."""
    judged: tuple[Property, ...] = ()
    """Properties that are counted in the original and in the copy."""
    truths: Counter[bytes] = field(default_factory=Counter)
    not_replaced: list[str] = field(default_factory=list)
    """Columns of keys whose values cannot be replaced one by one."""
    unknown: list[str] = field(default_factory=list)
    """Columns of a type of which no value is known."""

    @property
    def fields(self) -> sql.Composed:
        """What is read of a row."""
        fields = [part.field for part in self.parts]
        for group in self.groups:
            fields += _of_group(group)
        return sql.SQL(", ").join([*fields, self.told])

    @property
    def told(self) -> sql.Composable:
        """The expression with what is true of a row, for all properties that are counted."""
        truths = [compose("reduced_rows.truth", condition=one.condition) for one in self.judged]
        return sql.SQL(" || ").join(truths) if truths else sql.SQL("''")

    @property
    def columns(self) -> list[str]:
        """The columns that are written."""
        together = [column.name for group in self.groups for column in group.columns]
        return [*(part.column for part in self.parts), *together]

    def maker(self) -> Make:
        """Return what makes the row of the copy from what was read of a row."""
        makes = [part.make for part in self.parts]
        places = [(len(makes) + 2 * number, group) for number, group in enumerate(self.groups)]

        def made(row: bytes) -> bytes:
            fields = row.rstrip(b"\n").split(b"\t")
            self.truths[fields[-1]] += 1
            found = [make(field) for make, field in zip(makes, fields, strict=False)]
            for place, group in places:
                values = group.values(fields[place].decode(), int(fields[place + 1]))
                found += [NULL if one is None else written(one) for one in values]
            return b"\t".join(found) + b"\n"

        return made


def reduced_rows(
    table: ReducedTable,
    values: KeyValues,
    known: dict[str, dict[bytes, bytes]],
    groups: list[Combinations],
    judged: Sequence[Property],
) -> ReducedRows:
    """Return how the rows of a table are made; `known` remembers replaced values, by type."""
    rows = ReducedRows(table=table, groups=groups, judged=tuple(judged))
    in_groups = {column.name for group in groups for column in group.columns}
    for name, column in table.columns.items():
        if column.is_generated or name in in_groups:
            continue
        if table.is_as_it_is or name in table.kept:
            rows.parts.append(_part("value", column, _as_it_is))
        elif name in table.keys and (part := _of_key(column, values, known)):
            rows.parts.append(part)
        else:
            rows.not_replaced += [name] if name in table.keys else []
            rows.parts.append(_of_fill(column, rows))
    return rows


def _as_it_is(field: bytes) -> bytes:
    return field


def _part(how: str, column: Column, make: Make) -> Part:
    field = compose(f"reduced_rows.{how}", column=sql.Identifier(column.name))
    return Part(field=field, column=column.name, make=make)


def _of_key(column: Column, values: KeyValues, known: dict[str, dict[bytes, bytes]]) -> Part | None:
    replace = values.replace(column.base, column.category, column.labels)
    if replace is None:
        return None
    of_type = known.setdefault(column.type if column.labels else column.base, {})
    of_type[NULL] = NULL

    def make(old: bytes) -> bytes:
        new = of_type.get(old)
        if new is None:
            if len(of_type) >= REMEMBERED:
                of_type.clear()
                of_type[NULL] = NULL
            new = of_type[old] = written(replace(read(old)))
        return new

    return _part(READ_AS.get(column.base, "text"), column, make)


def _of_fill(column: Column, rows: ReducedRows) -> Part:
    fill = fill_of(column, rows.table.rows)
    maker = fill.make
    if maker is None:
        rows.unknown.append(column.name)
        return Part(field=fill.measure, column=column.name, make=lambda _: NULL)
    pools: dict[bytes, list[bytes]] = {}

    def make(size: bytes) -> bytes:
        if size == NULL:
            return NULL
        pool = pools.setdefault(size, [])
        if len(pool) < POOLED and len(pools) < POOLS:
            pool.append(written(maker(size.decode())))
            return pool[-1]
        return pool[int(random.random() * len(pool))] if pool else written(maker(size.decode()))

    return Part(field=fill.measure, column=column.name, make=make)


def _of_group(group: Combinations) -> tuple[sql.Composable, sql.Composable]:
    flags = [compose("reduced_rows.flag", column=sql.Identifier(one.name)) for one in (*group.columns, *group.observed)]
    truths = [compose("reduced_rows.truth", condition=one.condition) for one in group.properties]
    text = group.text
    length = compose("reduced_rows.length", column=sql.Identifier(text.name)) if text else sql.SQL("0")
    return sql.SQL(" || ").join([*flags, *truths]), length


def read(value: bytes) -> str:
    """Return a field of COPY as text."""
    if b"\\" in value:
        value = ESCAPED.sub(lambda found: ESCAPES.get(found[1], found[1]), value)
    return value.decode("utf-8", "surrogateescape")


def written(value: str) -> bytes:
    """Return a text as a field of COPY."""
    return value.translate(SPECIAL).encode("utf-8", "surrogateescape")


def batches(rows: Iterator[bytes], size: int = 1 << 16) -> Iterator[tuple[int, bytes]]:
    """Return rows together, in pieces of about `size` bytes, each with its number of rows."""
    pieces: list[bytes] = []
    held = 0
    for row in rows:
        pieces.append(row)
        held += len(row)
        if held >= size:
            yield len(pieces), b"".join(pieces)
            pieces, held = [], 0
    if pieces:
        yield len(pieces), b"".join(pieces)
