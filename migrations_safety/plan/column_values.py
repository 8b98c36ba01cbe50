"""The value that Django gives existing rows in a new column, and the text lengths and digits that fit into a column."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.models import NOT_PROVIDED, AutoField, Value


def is_filled(field: Any) -> bool:
    """Whether existing rows get a value, and not NULL, in the new column of this model field."""
    if field.generated or field.has_db_default() or isinstance(field, AutoField):
        return True
    return DatabaseSchemaEditor._effective_default(field) is not None  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True, slots=True)
class Digits:
    """How many digits fit before and after the decimal point of a DecimalField's column."""

    before_point: int
    after_point: int


def filling_of(field: Any) -> str | None:
    """The value that all existing rows get in the new column of this model field, as PostgreSQL prints the value.

    None where the rows may get different values, and where this function does not know how PostgreSQL prints the value.
    """
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
    """The `max_length` of the model field where `type`, a column type in SQL, is a varchar; None for any other type."""
    return field.max_length if type.startswith("varchar") else None


def digits_of(field: Any) -> Digits | None:
    """The digits that fit into a DecimalField; None for any other field, and where `max_digits` is not given."""
    if field.get_internal_type() != "DecimalField" or field.max_digits is None:
        return None
    return Digits(before_point=field.max_digits - field.decimal_places, after_point=field.decimal_places)
