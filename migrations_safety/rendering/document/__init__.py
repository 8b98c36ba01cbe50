"""The written review of a plan, as plain values: what Markdown and HTML draw alike, made from a report alone."""

from migrations_safety.rendering.document.review import review
from migrations_safety.rendering.document.values import Document

__all__ = ["Document", "review"]
