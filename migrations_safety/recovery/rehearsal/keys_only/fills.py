"""Makes up values that take about as many bytes as the original ones, of which only the size is read."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql

from migrations_safety.recovery.rehearsal.keys_only.reduced_tables import Column
from migrations_safety.sql.composition import compose

Make = Callable[[str], str]
"""Makes a value, as text, from what was measured of the original one."""

POOL = "".join(random.choices(string.ascii_lowercase, k=1 << 16))
"""Made-up text is cut out of it. Nothing depends on its being secret."""
CONSTANTS = {
    "interval": "1 day", "time": "12:00", "timetz": "12:00+00", "money": "1", "inet": "10.0.0.1", "cidr": "10.0.0.0/8",
    "macaddr": "02:00:00:00:00:01", "macaddr8": "02:00:00:ff:fe:00:00:01", "xml": "<row/>", "tsvector": "",
    "tsquery": "", "point": "(0,0)", "line": "{1,1,1}", "lseg": "[(0,0),(1,1)]", "box": "(1,1),(0,0)",
    "path": "[(0,0),(1,1)]", "polygon": "((0,0),(1,1),(1,0))", "circle": "<(0,0),1>", "pg_lsn": "0/0", "oid": "1",
    "jsonpath": "$", "hstore": "", "ltree": "a", "char": "x", "name": "x",
    "pg_snapshot": "1:1:", "txid_snapshot": "1:1:", "cube": "(0)",
    "xid8": "1", "xid": "1", "cid": "1", "tid": "(0,1)", "regclass": "-", "regtype": "-", "regproc": "-",
}  # fmt: skip
MANY = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """How the values of one column are measured and made up."""

    measure: sql.Composable
    make: Make | None
    """None where no value of the type is known: then the column is NULL."""


def fill_of(column: Column, rows: int) -> Fill:
    """Return how a column is filled; `rows` is about how many rows its table has."""
    name = sql.Identifier(column.name)
    number = _numbers(column, rows)
    make: Make | None = None
    how = "there"
    if column.labels:
        make = lambda _: column.labels[number() % len(column.labels)]  # noqa: E731
    elif column.category == "S" and column.base not in CONSTANTS:
        how, make = "text", lambda found: text_of(found, number())
    elif column.base in ("int2", "int4", "int8", "float4", "float8"):
        most = 30_000 if column.base == "int2" else 1_000_000_000
        make = lambda _: str(number() % most)  # noqa: E731
    elif column.base == "numeric":
        how, make = "number", lambda found: _digits(int(found), column)
    elif column.base == "bytea":
        how, make = "bytes", lambda found: "\\x" + text_of(found, number()).encode().hex()
    elif column.base in ("json", "jsonb"):
        how, make = column.base, lambda found: _json(found, number())
    elif column.category == "A":
        make = _array_maker(column, number)
        how = "array" if make else "there"
    else:
        make = _plain_maker(column, number)
    return Fill(measure=compose(f"fills.{how}", column=name), make=make)


def text_of(found: str, number: int) -> str:
    """Return letters of a measured length; where it was compressed, so many of them at random as are stored."""
    length, _, stored = found.partition(":")
    characters = int(length)
    varied = min(characters, int(stored)) if stored else characters
    start = number * 31 % (len(POOL) // 2)
    text = POOL[start : start + varied]
    if len(text) < varied:
        text = base64.b64encode(random.randbytes(varied)).decode()[:varied]
    return text + "x" * (characters - varied)


def _numbers(column: Column, rows: int) -> Callable[[], int]:
    """Return what gives about as many different numbers as the column has values."""
    known = column.distinct_values or 0
    most = int(known) if known > 0 else int(-known * max(rows, 1)) if known < 0 else MANY
    return lambda: int(random.random() * max(1, min(most, MANY)))


def _digits(length: int, column: Column) -> str:
    """Return a number with at most so many digits before the point as the type has room for."""
    if column.modifier is not None and column.modifier >= 4:
        precision, scale = (column.modifier - 4) >> 16, (column.modifier - 4) & 0x7FF
        length = min(length, precision - (scale if scale < 1024 else scale - 2048))
    if length < 1:
        return "0"
    least = 10 ** (length - 1)
    return str(least + int(random.random() * 9 * least)) if length < 16 else "1" * length


def _json(found: str, number: int) -> str:
    kind, size = found[0], found[1:]
    length, _, stored = size.partition(":")
    inner = text_of(f"{max(0, int(length) - 8)}:{stored}", number)
    if kind == "o":
        return f'{{"x": "{inner}"}}' if int(length) > 8 else "{}"
    if kind == "a":
        return f'["{inner}"]' if int(length) > 8 else "[]"
    return {"n": "1", "b": "true"}.get(kind, f'"{inner}"')


def _array_maker(column: Column, number: Callable[[], int]) -> Make | None:
    def made(found: str) -> str:
        elements, _, stored = found.partition(":")
        if not int(elements):
            return "{}"
        each = max(1, (int(stored) - 24) // int(elements) - 4)
        each = min(each, (column.modifier or MANY) - 4)
        one = number() % 1000
        values = {"S": POOL[one : one + each], "N": str(one), "B": "t", "D": "2000-01-01"}
        return "{" + ",".join([values[column.element_category or ""]] * int(elements)) + "}"

    is_plain = column.element_kind == "b" and (column.element_category == "S" or not column.modifier)
    is_known = is_plain and column.element_category in ("S", "N", "B", "D")
    return made if is_known else lambda _: "{}"


def _plain_maker(column: Column, number: Callable[[], int]) -> Make | None:
    if column.base == "uuid":
        return lambda _: f"{random.getrandbits(128):032x}"
    if column.base == "bool":
        return lambda _: "ft"[number() % 2]
    if column.base == "date":
        return lambda _: f"{1980 + number() % 45}-{number() % 12 + 1:02}-{number() % 28 + 1:02}"
    if column.base in ("timestamp", "timestamptz"):
        return lambda _: f"{1980 + number() % 45}-{number() % 12 + 1:02}-{number() % 28 + 1:02} 12:{number() % 60:02}"
    if column.base in ("bit", "varbit"):
        return lambda _: "0" * (column.modifier or 1)
    if column.kind in ("r", "m"):
        return lambda _: "empty" if column.kind == "r" else "{}"
    if column.kind == "c":
        return lambda _: f"({',' * (column.attributes - 1)})"
    constant = CONSTANTS.get(column.base)
    return None if constant is None else lambda _: constant
