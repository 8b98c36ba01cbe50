"""Makes up texts that match a regular expression, for CHECKs that want one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST = 40
"""How often an unlimited repetition is repeated at most."""
CLASSES = {"CATEGORY_DIGIT": "0123456789", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "abcdefghij0123456789"}
OTHERS = {"CATEGORY_NOT_DIGIT": "abcdef", "CATEGORY_NOT_SPACE": "abcdef", "CATEGORY_NOT_WORD": " -."}
PRINTABLE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-_"


def samples(pattern: str, number: int = 5) -> list[str]:
    """Return a few texts for a regular expression; none where it is written in a way that Python does not know.

    PostgreSQL decides whether they match: it reads some expressions in another way.
    """
    try:
        parsed = parser.parse(pattern)
        return list(dict.fromkeys(_text(parsed, least=place == 0) for place in range(number)))
    except (re.error, RecursionError, OverflowError, NotImplementedError, IndexError):
        return []


def _text(parsed: Sequence[tuple[Any, Any]], *, least: bool) -> str:
    return "".join(_piece(kind, value, least=least) for kind, value in parsed)


def _piece(kind: Any, value: Any, *, least: bool) -> str:
    if kind is kinds.LITERAL:
        return chr(value)
    if kind is kinds.IN:
        return random.choice(_characters(value))
    if kind is kinds.ANY:
        return random.choice(PRINTABLE)
    if kind is kinds.NOT_LITERAL:
        return random.choice(PRINTABLE.replace(chr(value), ""))
    if kind is kinds.BRANCH:
        return _text(random.choice(value[1]), least=least)
    if kind is kinds.SUBPATTERN:
        return _text(value[-1], least=least)
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
        lowest, highest, inner = value
        times = max(lowest, 1) if least else random.randint(lowest, min(int(highest), lowest + MOST))
        return "".join(_text(inner, least=least) for _ in range(min(times, int(highest))))
    if kind in (kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT):
        return ""
    raise NotImplementedError


def _characters(items: Sequence[tuple[Any, Any]]) -> list[str]:
    """Return some of the characters of a class."""
    is_negated = bool(items) and items[0][0] is kinds.NEGATE
    found = [one for kind, value in items for one in _members(kind, value)]
    if is_negated:
        return [one for one in PRINTABLE if one not in set(found)]
    return found or [" "]


def _members(kind: Any, value: Any) -> Iterator[str]:
    if kind is kinds.LITERAL:
        yield chr(value)
    elif kind is kinds.RANGE:
        yield from islice(map(chr, range(value[0], value[1] + 1)), 200)
    elif kind is kinds.CATEGORY:
        yield from (CLASSES | OTHERS)[str(value)]
