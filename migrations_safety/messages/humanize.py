"""How counts are worded, the same everywhere: `1 row`, `1,200 rows`."""

from __future__ import annotations


def pluralize(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun; `plural` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
