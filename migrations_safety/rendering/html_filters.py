"""Filters of the templates of pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.template import Library

register = Library()


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of a text: code or words."""

    text: str
    is_code: bool


@register.filter
def number(value: int | None) -> str:
    """Return a number with commas, and `unknown` for None; a template would write it in the language of the user."""
    return "unknown" if value is None else f"{value:,}"


@register.filter
def code_spans(text: str) -> list[Part]:
    """Return the parts of a paragraph of the catalogue, in which code stands between backticks."""
    return [Part(text=part, is_code=bool(place % 2)) for place, part in enumerate(text.split("`")) if part]
