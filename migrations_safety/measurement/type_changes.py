"""Which changes of a column's type keep all values, and which may refuse or cut some."""

from __future__ import annotations

import re

from migrations_safety.measurement.demand_catalog import ColumnShape

TEXTS = re.compile(r"(text|character varying(\(\d+\))?)$")
INTEGERS = ("smallint", "integer", "bigint")
LENGTH = re.compile(r"(?:character varying|character|bit|bit varying)\((\d+)\)$")


def family_of(type: str) -> str:
    """Return one name for types between which values stay apart and equal, so that what was unique stays unique."""
    if TEXTS.match(type):
        return "text"
    return "integer" if type in INTEGERS else type


def keeps_all(old: ColumnShape, new: ColumnShape) -> bool:
    """Return whether every value of the old type is a value of the new one, unchanged."""
    if new.type in ("text", "character varying"):
        return True
    if old.type in INTEGERS and new.type in INTEGERS:
        return INTEGERS.index(old.type) <= INTEGERS.index(new.type)
    if old.type in INTEGERS and new.type == "numeric":
        return True
    if new.labels is not None and old.labels is not None:
        return set(old.labels) <= set(new.labels)
    before, after = LENGTH.match(old.type), LENGTH.match(new.type)
    if before and after and old.type.partition("(")[0] == new.type.partition("(")[0] == "character varying":
        return int(before[1]) <= int(after[1])
    return _is_wider_number(old.type, new.type)


def _is_wider_number(old: str, new: str) -> bool:
    digits = re.compile(r"numeric\((\d+),(-?\d+)\)$")
    before, after = digits.match(old), digits.match(new)
    if before and new == "numeric":
        return True
    if not before or not after:
        return False
    whole, fraction = int(before[1]) - int(before[2]), int(before[2])
    return whole <= int(after[1]) - int(after[2]) and fraction <= int(after[2])
