"""The types of columns of a ProjectState, and whether one type takes and gives back the values of another."""

from __future__ import annotations

import re
from contextlib import suppress
from enum import StrEnum
from typing import Any

from django.db import models

from migrations_safety.plan.followed_operation import FollowedOperation
from migrations_safety.plan.model_layouts import FieldLayout
from migrations_safety.schema.declared_models import column_type

WIDER = (("smallint", "integer", "bigint"), ("real", "double precision"))
"""Families of types, each of which takes all values of those before it."""
TEXTS = frozenset({"text", "citext", "varchar"})
"""Types of text without a length. A program sends and gets the same values whichever of them a column has."""
SERIALS = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}
MODIFIED = re.compile(r"(?P<base>[\w ]+?)\s*\((?P<modifiers>[\d, ]+)\)")


class Fit(StrEnum):
    """How the values of the old type fit into the new one."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"


def type_of(followed: FollowedOperation, layout: FieldLayout) -> str | None:
    """The SQL type of a column, in lower case; None where it cannot be told from the state.

    The type of a ForeignKey is that of the column that it references.
    """
    field = layout.field
    if field is None or field.many_to_many:
        return None
    if layout.target is not None:
        field = followed.layouts.target_model_field(followed.state, layout.target, layout.target_field)
        if field is None or field.is_relation:
            return None
    found = None
    with suppress(Exception):  # a field class of a project may need a model, which a state does not have
        found = column_type(field)
    return SERIALS.get(found.lower(), found.lower()) if found else None


def fit(old: str, new: str) -> Fit:
    """How the values of a column of the type `old` fit into the type `new`."""
    if old == new:
        return Fit.SAME
    if old.endswith("[]") and new.endswith("[]"):
        return fit(old[:-2], new[:-2])
    if _takes_all(old, new):
        return Fit.SAME if _takes_all(new, old) else Fit.WIDER
    is_alike = _takes_all(new, old) or _parts(old)[0] == _parts(new)[0]
    return Fit.NARROWER if is_alike else Fit.OTHER


def _takes_all(old: str, new: str) -> bool:
    """Whether the type `new` is like `old` and takes all its values."""
    for family in WIDER:
        if old in family and new in family:
            return family.index(old) <= family.index(new)
    (old_base, old_modifiers), (new_base, new_modifiers) = _parts(old), _parts(new)
    if new_base in TEXTS and old_base in TEXTS:
        return not new_modifiers or bool(old_modifiers and old_modifiers <= new_modifiers)
    if old_base != new_base:
        return False
    if not new_modifiers or not old_modifiers:
        return not new_modifiers
    if old_base in ("numeric", "decimal"):
        return _digits_fit(old_modifiers, new_modifiers)
    return old_modifiers <= new_modifiers


def _digits_fit(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    (old_digits, old_scale), (new_digits, new_scale) = (*old, 0)[:2], (*new, 0)[:2]
    return old_scale <= new_scale and old_digits - old_scale <= new_digits - new_scale


def _parts(type: str) -> tuple[str, tuple[int, ...]]:
    found = MODIFIED.fullmatch(type)
    if not found:
        return type, ()
    return found["base"], tuple(int(number) for number in found["modifiers"].split(","))


def demands_value(field: Any) -> bool:
    """Whether an INSERT into the column of this model field has to give a value."""
    if field is None or field.many_to_many or field.null or field.generated:
        return False
    return not (field.has_db_default() or isinstance(field, models.AutoField))


def writes_value(field: Any) -> bool:
    """Whether Django writes a value and not NULL into the column where the code gives none."""
    has_default = field.has_default() and field.default is not None
    return bool(has_default or field.has_db_default() or getattr(field, "auto_now_add", False))
