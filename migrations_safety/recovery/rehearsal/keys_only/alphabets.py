"""The letters that a letter may become: those of the same script and case, and digits for digits."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

DIGITS = "0123456789"
ANY = DIGITS + "abcdefghijklmnopqrstuvwxyz"
HEX = ANY[:16]
LETTERS = ANY[10:]
BLOCK = 128
"""Characters outside of ASCII are exchanged within blocks of so many."""


@lru_cache(maxsize=10_000)
def alphabet_of(one: str, encoding: str) -> str:
    """Return the characters that `one` may become, of its category; itself alone where it is no letter or digit.

    A letter of ASCII is told by its small form, so that a text in capitals becomes what its small form becomes.
    """
    if one.isascii():
        return DIGITS if one.isdigit() else LETTERS if one.isalpha() else one
    category = unicodedata.category(one)
    if category[0] not in "LN":
        return one
    first = ord(one) // BLOCK * BLOCK
    block = map(chr, range(first, first + BLOCK))
    return "".join(c for c in block if unicodedata.category(c) == category and _fits(c, len(one.encode()), encoding))


def _fits(one: str, size: int, encoding: str) -> bool:
    """Return whether the database can hold the character, and in as many bytes."""
    if one.isspace() or one.isascii():
        return False
    try:
        one.encode(encoding)
    except UnicodeEncodeError:
        return False
    return len(one.encode()) == size
