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


def format_bytes(number: int) -> str:
    """Return a size with two digits and its unit: `640 kB`, `1.2 GB`."""
    unit, size = next(
        (unit, number / size) for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("bytes", 1))
        if number >= size or unit == "bytes"
    )  # fmt: skip
    return f"{_two_digits(size)} {unit}"


def format_seconds(seconds: float) -> str:
    """Return a duration with its unit: `40 ms`, `4.2 s`, `15 min`, `3.5 h`."""
    if seconds < 0.995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{_two_digits(seconds)} s"
    return f"{_two_digits(seconds / 60)} min" if seconds < 7200 else f"{_two_digits(seconds / 3600)} h"


def format_age(seconds: float) -> str:
    """Return an age as people say it: `35 min`, `26 h`, `3.5 days`."""
    if abs(seconds) < 48 * 3600:
        return format_seconds(max(seconds, 0))
    return f"{seconds / 86400:.1f}".removesuffix(".0") + " days"


def _two_digits(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{number:,.0f}"


def format_range(least: float, most: float | None) -> str:
    """Return a range of durations: `0.8 s to 2.1 s`, `4 s or more` where nobody knows the end."""
    if most is None:
        return f"{format_seconds(least)} or more" if least else "an unknown time"
    first, last = format_seconds(least), format_seconds(most)
    return first if first == last else f"{first} to {last}"
