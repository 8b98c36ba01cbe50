"""The conditions by which one scan of a table counts the rows that demands are about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg import sql

from migrations_safety.checks.data_queries import Condition
from migrations_safety.measurement.demand import Demand, Source
from migrations_safety.measurement.type_changes import LENGTH
from migrations_safety.sql.composition import compose

VIOLATES = "violates"
"""The key of the rows that forbid the demand."""
LOST = "lost"
"""The key of the rows whose values are dropped or cut."""
COMPARED = ("unique", "exclusion", "foreign_key")
"""The kinds of demands for which rows are compared with other rows."""
NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)$")
BITS = {"smallint": 15, "integer": 31, "bigint": 63}
COMPARED_BACK = {"N", "D", "T", "B"}
"""The categories of types whose values a conversion there and back should keep: numbers, dates, intervals, booleans."""
READS_INPUT = 16
"""The version of PostgreSQL that can tell which text a type accepts (`pg_input_is_valid`)."""


def conditions(demand: Demand, *, conversion: str, version: int) -> Iterator[Condition]:
    """Return the conditions to count for a demand; `conversion` says how a column gets its new type."""
    if demand.kind == "drop" and demand.columns:
        source = Source(name=demand.columns[0], before=demand.columns[0])
        yield _condition(demand, LOST, "data_conditions.has_value", sources=(source,))
    elif demand.kind == "drop":
        yield _condition(demand, LOST, "data_conditions.every_row")
    elif demand.kind == "not_null":
        yield _condition(demand, VIOLATES, "data_conditions.is_null")
    elif demand.kind == "check":
        yield _condition(demand, VIOLATES, "data_conditions.violates", condition=sql.SQL(demand.condition or "true"))
    elif demand.kind == "enum":
        labels = sql.SQL(", ").join(sql.Literal(label) for label in demand.labels or ())
        yield _condition(demand, VIOLATES, "data_conditions.no_label", labels=labels)
    elif demand.kind == "length":
        length = sql.SQL(_length(demand.type_after))
        key = VIOLATES if conversion == "plain" else LOST
        yield _condition(demand, key, "data_conditions.longer", length=length)
    elif demand.kind == "cast":
        yield from _of_cast(demand, version=version)


def _of_cast(demand: Demand, *, version: int) -> Iterator[Condition]:
    digits = NUMERIC.match(demand.type_after)
    if demand.category == "N" and digits:
        before_point = sql.SQL(str(int(digits[1]) - int(digits[2])))
        after_point = sql.SQL(digits[2])
        yield _condition(
            demand, VIOLATES, "data_conditions.more_digits", before_point=before_point, after_point=after_point
        )
    elif demand.category == "N" and demand.type_after in BITS:
        bits = BITS[demand.type_after]
        least, most = sql.SQL(str(-(2**bits))), sql.SQL(str(2**bits - 1))
        yield _condition(demand, VIOLATES, "data_conditions.beyond", least=least, most=most)
    elif version >= READS_INPUT and demand.category == "S":
        yield _condition(demand, VIOLATES, "data_conditions.not_readable", type=sql.Literal(demand.type_after))


def rows_alone(demand: Demand) -> Condition:
    """Return a condition that only serves to count the rows of the table."""
    return _condition(demand, "", "data_conditions.every_row", sources=())


def losses(demand: Demand) -> Iterator[Condition]:
    """Return the condition for values that the new type keeps only in part, once it is known to refuse none."""
    there = sql.SQL(demand.type_after)
    families = {demand.category, demand.category_after}
    if families <= COMPARED_BACK or demand.category == demand.category_after:
        yield _condition(demand, LOST, "data_conditions.changed", there=there, back=sql.SQL(demand.type_before))
    elif demand.category == "S" and NUMERIC.match(demand.type_after):
        yield _condition(demand, LOST, "data_conditions.rounded", there=there)


def _length(type: str) -> str:
    found = LENGTH.match(type)
    assert found is not None
    return found[1]


def _condition(
    demand: Demand, key: str, name: str, *, sources: tuple[Source, ...] | None = None, **parts: sql.Composable
) -> Condition:
    sources = demand.sources if sources is None else sources
    column = sql.Identifier(sources[0].name) if sources else sql.SQL("")
    return Condition(demand=demand, key=key, condition=compose(name, column=column, **parts), sources=sources)
