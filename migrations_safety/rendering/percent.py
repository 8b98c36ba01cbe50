"""Lengths in percent, as SVG takes them."""

from __future__ import annotations


def percent(part: float, whole: float) -> str:
    """Return a length as SVG takes it: what is not nothing has at least half a percent, so that it is seen."""
    if part <= 0 or whole <= 0:
        return "0%"
    return f"{min(max(100 * part / whole, 0.5), 100):.4g}%"
