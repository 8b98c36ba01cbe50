"""What Django's editor puts into a column of rows that are there, and what fits into one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.models import NOT_PROVIDED, AutoField, Value


def is_filled(field: Any) -> bool:
    """Whether rows that are there get a value for a new column."""
    if field.generated or field.has_db_default() or isinstance(field, AutoField):
        return True
    return DatabaseSchemaEditor._effective_default(field) is not None  # type: ignore[attr-defined]


def filling_of(field: Any) -> str | None:
    """What a new column was filled with, as PostgreSQL prints it; None where it may be another thing in each row."""
    value = field.default
    if value is NOT_PROVIDED and field.has_db_default():
        value = field.db_default.value if isinstance(field.db_default, Value) else field.db_default
    if value is NOT_PROVIDED and not field.null and field.blank and field.empty_strings_allowed:
        value = ""
    if value is dict or value is list:
        return "[]" if value is list and field.get_internal_type() == "JSONField" else "{}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal | int) and field.get_internal_type() == "DecimalField":
        return f"{value:.{field.decimal_places}f}"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value) if isinstance(value, int | str | UUID) else None


def length_of(field: Any, type: str) -> int | None:
    """How many characters a `varchar` takes."""
    return field.max_length if type.startswith("varchar") else None


def digits_of(field: Any) -> tuple[int, int] | None:
    """How many digits a number takes before and after its point."""
    if field.get_internal_type() != "DecimalField" or field.max_digits is None:
        return None
    return field.max_digits - field.decimal_places, field.decimal_places
