"""Reads what is needed of each row of the original, and makes the row of the copy from it.

Of a column that is no key only its size is read, whether it is NULL, and what the server says is true of it. Values of
keys are replaced in the memory of this process, row by row. Nothing is written into a file.
"""

from __future__ import annotations

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

Piece = Callable[[Sequence[bytes]], Sequence[bytes]]
NULL = rb"\N"
REMEMBERED = 50_000
"""How many replaced values are remembered for each type of key."""
READ_AS = {"numeric": "number", "float4": "text", "float8": "text", "date": "days", "timestamp": "moment",
           "timestamptz": "moment", "time": "clock"}  # fmt: skip
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
SPECIAL = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Some fields that are read, and the columns that are written from them."""

    fields: tuple[sql.Composable, ...]
    columns: tuple[str, ...]
    make: Piece


@dataclass(kw_only=True)
class ReducedRows:
    """How the rows of one table are read and made."""

    table: ReducedTable
    parts: list[Part] = field(default_factory=list)
    groups: list[Combinations] = field(default_factory=list)
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
        fields = [one for part in self.parts for one in part.fields]
        return sql.SQL(", ").join([*fields, self.told])

    @property
    def told(self) -> sql.Composable:
        """The expression with what is true of a row, for all properties that are counted."""
        truths = [compose("reduced_rows.truth", condition=one.condition) for one in self.judged]
        return sql.SQL(" || ").join(truths) if truths else sql.SQL("''")

    @property
    def columns(self) -> list[str]:
        """The columns that are written."""
        return [column for part in self.parts for column in part.columns]

    def made(self, row: bytes) -> bytes:
        """Return the row of the copy for what was read of a row."""
        *values, truths = row.rstrip(b"\n").split(b"\t")
        self.truths[truths] += 1
        found: list[bytes] = []
        place = 0
        for part in self.parts:
            number = len(part.fields)
            found += part.make(values[place : place + number])
            place += number
        return b"\t".join(found) + b"\n"


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
            rows.parts.append(_part("value", column, lambda found: found))
        elif name in table.keys and (part := _of_key(column, values, known)):
            rows.parts.append(part)
        else:
            rows.not_replaced += [name] if name in table.keys else []
            rows.parts.append(_of_fill(column, rows))
    rows.parts += [_of_group(group) for group in groups]
    return rows


def _part(how: str, column: Column, make: Piece) -> Part:
    field = compose(f"reduced_rows.{how}", column=sql.Identifier(column.name))
    return Part(fields=(field,), columns=(column.name,), make=make)


def _of_key(column: Column, values: KeyValues, known: dict[str, dict[bytes, bytes]]) -> Part | None:
    replace = values.replace(column.base, column.category, column.labels)
    if replace is None:
        return None
    of_type = known.setdefault(column.type if column.labels else column.base, {})

    def make(found: Sequence[bytes]) -> Sequence[bytes]:
        old = found[0]
        if old == NULL:
            return found
        new = of_type.get(old)
        if new is None:
            if len(of_type) >= REMEMBERED:
                of_type.clear()
            new = of_type[old] = written(replace(read(old)))
        return (new,)

    return _part(READ_AS.get(column.base, "text"), column, make)


def _of_fill(column: Column, rows: ReducedRows) -> Part:
    fill = fill_of(column, rows.table.rows)
    maker = fill.make
    if maker is None:
        rows.unknown.append(column.name)

    def make(found: Sequence[bytes]) -> Sequence[bytes]:
        return found if found[0] == NULL or maker is None else (written(maker(found[0].decode())),)

    def nothing(_: Sequence[bytes]) -> Sequence[bytes]:
        return (NULL,)

    return Part(fields=(fill.measure,), columns=(column.name,), make=make if maker else nothing)


def _of_group(group: Combinations) -> Part:
    flags = [compose("reduced_rows.flag", column=sql.Identifier(one.name)) for one in group.columns]
    truths = [compose("reduced_rows.truth", condition=one.condition) for one in group.properties]
    length = compose("reduced_rows.length", column=sql.Identifier(group.text.name)) if group.text else sql.SQL("0")

    def make(found: Sequence[bytes]) -> Sequence[bytes]:
        pattern, length = found
        return [NULL if one is None else written(one) for one in group.values(pattern.decode(), int(length))]

    return Part(
        fields=(sql.SQL(" || ").join([*flags, *truths]), length),
        columns=tuple(one.name for one in group.columns),
        make=make,
    )


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
