"""The letters that a letter may become: those of the same script, and digits for digits."""

from __future__ import annotations

import codecs
import unicodedata
from functools import lru_cache

DIGITS = "0123456789"
ANY = DIGITS + "abcdefghijklmnopqrstuvwxyz"
HEX = ANY[:16]
LETTERS = ANY[10:]
BYTES = "".join(map(chr, range(0xDC80, 0xDD00)))
"""Bytes that are no text, as Python decodes them (surrogateescape)."""
BLOCK = 128
"""Characters outside of ASCII are exchanged within blocks of so many."""

CODECS = {"EUC_CN": "gb2312", "UHC": "cp949", "KOI8R": "koi8_r", "KOI8U": "koi8_u", "SQL_ASCII": "utf-8"}
"""The encodings of PostgreSQL that Python knows by another name, besides WIN1252 and the like."""


@lru_cache(maxsize=10_000)
def alphabet_of(one: str, encoding: str) -> str:
    """Return the characters that a small letter or another character may become; itself alone if it is neither."""
    if one.isascii():
        return DIGITS if one.isdigit() else LETTERS if one.isalpha() else one
    if one in BYTES:
        return BYTES
    category = unicodedata.category(one)
    if category[0] not in "LN":
        return one
    first = ord(one) // BLOCK * BLOCK
    kind = _kind(one, encoding)
    return "".join(c for c in map(chr, range(max(first, BLOCK), first + BLOCK)) if _kind(c, encoding) == kind)


def has_capital(one: str) -> bool:
    """Return whether a small letter has a capital, which is as long and has no other small letter."""
    capital = one.upper()
    return (
        capital != one and len(capital) == 1 and capital.lower() == one and len(capital.encode()) == len(one.encode())
    )


def small(one: str) -> str:
    """Return the small letter of a capital, and any other character as it is."""
    lower = one if one in BYTES else one.lower()
    return lower if lower != one and len(lower) == 1 and has_capital(lower) and lower.upper() == one else one


def _kind(one: str, encoding: str) -> tuple[str, int, int] | None:
    """Return category and size of a character and of its capital; None where the database cannot hold them."""
    try:
        size, both = len(one.encode(encoding)), (one + one.upper()).encode(encoding)
    except UnicodeEncodeError:
        return None
    return unicodedata.category(one), size, len(both) if has_capital(one) else 0


def codec_of(encoding: str) -> str:
    """Return Python's name of an encoding of PostgreSQL; that of UTF-8 where it has none."""
    name = CODECS.get(encoding, encoding.replace("WIN", "cp"))
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"
