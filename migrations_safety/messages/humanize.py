"""Words counts and lists in one way everywhere: `1 row`, `1,200 rows`, `bed, ward and 3 more`."""

from __future__ import annotations

from collections.abc import Sequence


def pluralize(number: int, noun: str, plural: str = "") -> str:
    """Return the number with its noun; `plural` is needed where the plural is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Sequence[str], *, most: int = 3) -> str:
    """Return the names with commas between them; of more than `most` names the others are only counted."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
