"""Tells which expressions cannot fail: an error would write a value of the row into the server's log."""

from __future__ import annotations

import re

CONSTANT = re.compile(r"\(-?\d+(?:\.\d+)?\)::[a-z ]+|'(?:[^']|'')*'(?:::[\w .\"\[\]]+(?:\(\d+(?:,\d+)?\))?(?:\[\])*)?")
HARMLESS_CAST = re.compile(r"::(?:pg_catalog\.)?(?:text|character varying|bpchar|character)(?:\[\])*(?!\()")
HARMLESS = frozenset({
    "char_length", "character_length", "length", "octet_length", "lower", "upper", "btrim", "ltrim", "rtrim",
    "coalesce", "nullif", "abs", "num_nulls", "num_nonnulls", "starts_with", "isempty", "any", "all", "array", "in",
    "and", "or", "not", "greatest", "least", "cardinality", "jsonb_typeof", "json_typeof", "exists", "strpos",
})  # fmt: skip
"""Functions that fail for no value, and words before a bracket that are no functions."""
CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")


def is_harmless(expression: str) -> bool:
    """Return whether an expression can be evaluated without an error whatever the values are."""
    rest = _bare(expression)
    calls = {one.lower() for one in CALL.findall(rest)}
    has_arithmetic = re.search(r"[-+*/%^]", rest.replace("~~*", "").replace("~*", "")) is not None
    return "::" not in rest and not has_arithmetic and calls <= HARMLESS


def converts(expression: str) -> bool:
    """Return whether an expression converts values to another type than text, which may fail for made-up ones."""
    return "::" in _bare(expression)


def _bare(expression: str) -> str:
    return HARMLESS_CAST.sub("", CONSTANT.sub("''", expression))
