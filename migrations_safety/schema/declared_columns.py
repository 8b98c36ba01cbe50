"""Reads Django's models: which columns they ask the database for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

IDENTITY = "BY DEFAULT"
STORED, VIRTUAL = "STORED", "VIRTUAL"
AUTO_FIELDS = ("AutoField", "BigAutoField", "SmallAutoField")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredColumn:
    """A column of a model."""

    name: str
    type: str
    """As statements of Django name it."""
    nullable: bool
    default: str | None
    """SQL."""
    identity: str
    """BY DEFAULT, or empty."""
    generated: str
    """STORED, VIRTUAL, or empty."""
    expression: str | None
    """SQL, that of a generated column."""
    collation: str
    """Empty where it is the collation of the type."""
    comment: str


def declared_columns(model: Any, editor: Any) -> dict[str, DeclaredColumn]:
    """The columns of a model's own table by their names; fields without a column of their own have none."""
    fields = [field for field in model._meta.local_concrete_fields if field.db_type(editor.connection) is not None]
    return {field.column: _column(field, editor) for field in fields}


def _column(field: Any, editor: Any) -> DeclaredColumn:
    parameters = field.db_parameters(connection=editor.connection)
    is_generated = getattr(field, "generated", False)
    return DeclaredColumn(
        name=field.column,
        type=parameters["type"],
        nullable=field.null or is_generated,  # Django makes no generated column NOT NULL
        default=_default(field, editor),
        identity=IDENTITY if field.get_internal_type() in AUTO_FIELDS else "",
        generated=(STORED if field.db_persist else VIRTUAL) if is_generated else "",
        expression=_generated(field, editor) if is_generated else None,
        collation=parameters.get("collation") or "",
        comment=field.db_comment or "",
    )


def _default(field: Any, editor: Any) -> str | None:
    """The SQL of a field's `db_default`, None without one: NULL is what a column without a default has."""
    if not field.has_db_default():
        return None
    sql, parameters = editor.db_default_sql(field)
    default = str(editor.connection.ops.compose_sql(sql, parameters))
    return None if default.upper() == "NULL" else default


def _generated(field: Any, editor: Any) -> str:
    sql, parameters = field.generated_sql(editor.connection)
    return str(editor.connection.ops.compose_sql(sql, parameters))
