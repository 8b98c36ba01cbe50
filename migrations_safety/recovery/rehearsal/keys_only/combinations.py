"""Finds made-up values of columns that CHECKs and conditions read, so that each row keeps what is true of it.

The values are tried on the copy, in combinations of all columns that the same expressions read. A row gets one of those
for which the same is NULL and the same is true as in the original.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql

from migrations_safety.recovery.rehearsal.keys_only.fills import CONSTANTS, POOL
from migrations_safety.recovery.rehearsal.keys_only.pattern_samples import samples
from migrations_safety.recovery.rehearsal.keys_only.reduced_tables import Column
from migrations_safety.recovery.rehearsal.keys_only.row_properties import Property
from migrations_safety.sql.composition import compose

MOST = 4000
"""How many combinations are tried."""
MOST_COLUMNS = 9
UUID = "2b1c4f60-7d2a-4c3e-9f10-00000000000{}"
ONE_BY_ONE = 200
"""How many are tried one by one, where an expression fails for some."""
READS_INPUT = 160000
LITERAL = re.compile(r"'((?:[^']|'')*)'")
NUMBER = re.compile(r"(?<![\w'.])-?\d+(?:\.\d+)?(?![\w'])")
LENGTHS = (1, 2, 3, 4, 5, 8, 12, 20, 36, 80, 200, 500)
SPECIAL = re.compile(r"[\\^$\[(*+?{|.]")
"""Signs of a regular expression."""
SHAPES = ("a@made.example", "https://made.example/a", "+254700000000", "A0", "AA-000", "2000-01-01", "12:00", "{}")

Values = tuple[str | None, ...]


class NothingFits(Exception):
    """Raised for a row of which no made-up values are NULL in the same columns and fulfil all CHECKs."""

    def __init__(self, group: Combinations) -> None:
        super().__init__("no made-up values fit")
        self.group = group


@dataclass(kw_only=True)
class Combinations:
    """The values that some columns of a table may have together."""

    columns: tuple[Column, ...]
    observed: tuple[Column, ...]
    """Keys that the same expressions read: whether they are NULL counts, and they are replaced elsewhere."""
    properties: tuple[Property, ...]
    """Those that are not true of all rows."""
    required: tuple[Property, ...]
    by_pattern: dict[str, dict[int, list[Values]]] = field(default_factory=dict)
    """By what is NULL and what is true, and then by the length of the first text."""

    @property
    def text(self) -> Column | None:
        """The first column of text, whose length is kept about."""
        return next((one for one in self.columns if one.category == "S" and not one.labels), None)

    def values(self, pattern: str, length: int) -> Values:
        """Return values for a row of this pattern; without any for it, of the pattern that is most like it.

        Raises NothingFits where no values are NULL in the same columns.
        """
        known = self.by_pattern.get(pattern)
        if known is None:
            flags = pattern[: len(self.columns)]
            like = [other for other in self.by_pattern if other.startswith(flags)]
            if not like:
                raise NothingFits(self)
            nearest = max(like, key=lambda other: sum(map(str.__eq__, pattern, other)))
            known = self.by_pattern[pattern] = self.by_pattern[nearest]
        return random.choice(known[min(known, key=lambda one: abs(one - length))])

    def find(self, session: psycopg.Connection[Any]) -> None:
        """Try values on the copy; none are found where an expression fails for them."""
        every = (*self.columns, *self.observed)
        if len(every) > MOST_COLUMNS:
            return
        expressions = " ".join(one.literals for one in (*self.properties, *self.required))
        most = max(2, int((MOST / 2 ** len(self.observed)) ** (1 / len(self.columns))))
        tried = [list(islice(_fitting(session, one, expressions), most)) for one in self.columns]
        tried += [list(islice(_fitting(session, one, ""), 2)) for one in self.observed]
        found: dict[str, dict[int, list[Values]]] = defaultdict(lambda: defaultdict(list))
        place = self.columns.index(self.text) if self.text else None
        for values, truths in _evaluated(session, self, tried):
            if "false" not in truths[len(self.properties) :]:
                flags = "".join("n" if one is None else "v" for one in values)
                pattern = flags + "".join((one or "u")[0] for one in truths[: len(self.properties)])
                length = len(values[place] or "") if place is not None else 0
                found[pattern][length].append(values[: len(self.columns)])
        self.by_pattern = {pattern: dict(of_one) for pattern, of_one in found.items()}


def _evaluated(
    session: psycopg.Connection[Any], combinations: Combinations, tried: Sequence[list[str | None]]
) -> Iterator[tuple[Values, list[str | None]]]:
    sources: list[sql.Composable] = []
    numbers: list[sql.Composable] = []
    columns = (*combinations.columns, *combinations.observed)
    for place, (column, values) in enumerate(zip(columns, tried, strict=True)):
        number = sql.Identifier(f"migrations_safety_{place}")
        numbers.append(number)
        sources.append(
            compose(
                "combinations.source",
                number=number, type=sql.SQL(column.type), column=sql.Identifier(column.name),
                values=sql.SQL("{}::text[]").format(sql.Literal(values)),
                alias=sql.Identifier(f"migrations_safety_of_{place}"),
            )
        )  # fmt: skip
    every = (*combinations.properties, *combinations.required)
    truths: list[sql.Composable] = [compose("combinations.truth", condition=one.condition) for one in every]
    query = compose(
        "combinations.evaluate",
        numbers=sql.SQL(", ").join(numbers),
        truths=sql.SQL(", ").join(truths or [sql.SQL("'true'")]),
        sources=sql.SQL(" CROSS JOIN ").join(sources),
    )
    try:
        found = session.execute(query).fetchall()
    except psycopg.Error:  # an expression fails for some of them
        if any(len(values) > 1 for values in tried):
            for _ in range(ONE_BY_ONE):
                yield from _evaluated(session, combinations, [[random.choice(values)] for values in tried if values])
        return
    for row in found:
        places, told = row[: len(tried)], list(row[len(tried) :])[: len(every)]
        yield tuple(values[place - 1] for values, place in zip(tried, places, strict=True)), told


def _fitting(session: psycopg.Connection[Any], column: Column, expressions: str) -> Iterator[str | None]:
    """Return the values that the type of the column accepts, NULL first where it may be NULL."""
    if not column.is_required:
        yield None
    wanted = list(dict.fromkeys(_wanted(column, f"{expressions} {' '.join(column.domain_checks)}")))
    type = sql.SQL(column.type)
    if session.info.server_version >= READS_INPUT:
        query = compose("combinations.fits", type=sql.Literal(column.type))
        yield from (one for (one,) in session.execute(query, {"values": wanted}).fetchall())
        return
    for value in wanted:
        try:
            yield session.execute(compose("combinations.converted", type=type), {"value": value}).fetchall()[0][0]
        except psycopg.Error:
            continue


def _wanted(column: Column, expressions: str) -> Iterator[str]:
    yield from column.labels
    literals = [one.replace("''", "'") for one in LITERAL.findall(expressions)]
    numbers = [float(one) for one in NUMBER.findall(LITERAL.sub("", expressions))][:20]
    if column.category == "N":
        yield from dict.fromkeys(_told(one + more) for one in (0.0, *numbers) for more in (0, 1, -1))
        yield from ("100", "0.5", "40000", "3000000000", "10000000000000")
        yield from literals
        return
    if column.base == "uuid":
        yield from (UUID.format(number) for number in (1, 2))
    yield from literals
    if column.category == "S":
        yield from _texts(literals, [int(one) for one in numbers if 0 < one < 4000])
    elif column.category == "D":
        now = datetime.now(UTC)
        yield from (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-3650, -30, 0, 30, 3650))
        yield from ("1970-01-01", "2000-01-01")
    yield from {"B": ("true", "false"), "R": ("empty",), "A": ("{}", "{1}", "{x}", "{t}"), "T": ("0", "1 day")}.get(
        column.category, ("{}", "[]", '"x"', "1", '{"x": 1}', CONSTANTS.get(column.base, ""))
    )


def _texts(literals: Iterable[str], limits: Iterable[int]) -> Iterator[str]:
    for one in literals:
        yield from samples(one) if SPECIAL.search(one) else ()
    lengths = sorted({one + more for one in limits for more in (-1, 0, 1) if one + more > 0} | set(LENGTHS))
    start = random.randrange(len(POOL) // 2)
    letters = [POOL[start : start + one] for one in lengths]
    for one in letters:
        yield from (one, one.upper()) if len(one) < 20 else (one,)
        yield from (str(10 ** (len(one) - 1)),) if len(one) < 20 else ()
    yield ""
    yield from (one.replace("%", "x").replace("_", "x") for one in literals if "%" in one)
    yield from SHAPES


def _told(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def groups(properties: Iterable[Property], columns: dict[str, Column], keys: dict[str, Column]) -> list[Combinations]:
    """Return the groups of filled columns that the same expressions read, with the keys that these read too."""
    sets: list[set[str]] = [{name} for name, one in columns.items() if one.is_checked]
    judged = [one for one in properties if one.columns & columns.keys() and one.columns <= columns.keys() | keys.keys()]
    for one in judged:
        filled = set(one.columns) & columns.keys()
        touched = [known for known in sets if known & filled]
        sets = [known for known in sets if not known & filled] + [filled.union(*touched)]
    found = []
    for names in sets:
        of_group = [one for one in judged if one.columns & names]
        observed = {name for one in of_group for name in one.columns if name in keys}
        found.append(
            Combinations(
                columns=tuple(columns[name] for name in sorted(names)),
                observed=tuple(keys[name] for name in sorted(observed)),
                properties=tuple(one for one in of_group if not one.is_required),
                required=tuple(one for one in of_group if one.is_required),
            )
        )
    return found
