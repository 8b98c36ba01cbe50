"""Checks of the types at both ends of a key, as they really are."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings

from migrations_safety.catalog import Column
from migrations_safety.checks.evidence import Evidence
from migrations_safety.declarations import DeclaredKey
from migrations_safety.findings import Finding
from migrations_safety.findings import types as wording

TEXT_TYPES = ("text", "character varying", "character")


def check_types(connection: Any, evidence: Evidence) -> list[Finding]:
    """For every key: PostgreSQL refuses a key between uuid and text; other differences are worth a look."""
    return [finding for key in evidence.plan.keys for finding in _types(evidence, key)]


def _types(evidence: Evidence, key: DeclaredKey) -> list[Finding]:
    altered = {(table, name) for table, name, *_ in evidence.plan.altered}
    column = None if (key.table, key.column) in altered else evidence.referencing(key)
    parent = None if (key.target_table, key.target_column) in altered else evidence.referenced(key)
    type_name = _name(column, key.column_type)
    target_type = _name(parent, key.column_type)
    if not (type_name and target_type):
        return []  # the plan makes this end, and takes the key away again
    target = f'{key.target_table}."{key.target_column}"'
    if family(type_name) != family(target_type):
        hint = _hint(evidence, key)
        return [wording.no_common_type(key.subject, type=type_name, target=target, target_type=target_type, hint=hint)]
    if type_name != target_type:
        return [wording.other_type(key.subject, type=type_name, target=target, target_type=target_type)]
    if column and parent and column.collation != parent.collation:
        collations = {"collation": column.collation, "target_collation": parent.collation}
        return [wording.other_collation(key.subject, target=target, **collations)]
    return []


def family(type_name: str) -> str:
    """`text` for all character types, whole numbers together, else the type's own name without its length."""
    bare = type_name.partition("(")[0].lower()
    if bare in TEXT_TYPES or bare == "varchar":
        return "text"
    return "integer" if bare in {"smallint", "integer", "bigint"} else bare


def compared_as(ends: list[Column]) -> str:
    """The type in which a key compares its ends; text byte by byte where these differ in more than their type."""
    families = {family(column.base_type) for column in ends}
    if families == {"text"}:
        collations = {(column.collation, column.deterministic) for column in ends}
        return "text" if len(collations) == 1 and all(column.deterministic for column in ends) else 'text COLLATE "C"'
    if len(families) == 1:
        return "bigint" if families == {"integer"} else families.pop()
    return "text"


def _name(column: Column | None, declared: str | None) -> str:
    """As PostgreSQL spells it; a domain is what it is made of."""
    spelled = column.base_type if column else (declared or "").lower()
    return re.sub(r"\s*([(,)])\s*", r"\1", spelled.replace("varchar", "character varying"))


def _hint(evidence: Evidence, key: DeclaredKey) -> str:
    """The setting that fits where one does: the type that all existing ends have in common."""
    ends = [
        column
        for one in evidence.plan.keys
        for column in (evidence.referencing(one), evidence.referenced(one))
        if column
    ]
    families = {family(column.base_type) for column in ends}
    setting = getattr(settings, "MIGRATIONS_SAFETY_ID_TYPE_NAME", "MIGRATIONS_SAFETY_ID_TYPE")
    if len(families) == 1 and families <= {"uuid", "text"}:
        return f"Set {setting}={families.pop()}: that is what the existing columns are."
    return (
        f"The existing columns are of several types, no {setting} fits all: first ALTER TABLE {key.table} ALTER COLUMN."
    )
