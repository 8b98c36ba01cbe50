"""Words counts in one way everywhere: `1 row`, `1,200 rows`."""

from __future__ import annotations


def pluralize(number: int, noun: str, plural: str = "") -> str:
    """Return the number with its noun; `plural` is needed where the plural is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
