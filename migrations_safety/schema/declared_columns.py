"""Reads from Django's models which columns their tables must have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

IDENTITY = "BY DEFAULT"
STORED, VIRTUAL = "STORED", "VIRTUAL"
AUTO_FIELDS = ("AutoField", "BigAutoField", "SmallAutoField")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredColumn:
    """A column as the model declares it."""

    name: str
    type: str
    """The SQL type, as Django writes it in CREATE TABLE."""
    nullable: bool
    default: str | None
    """The SQL of `db_default`; None for no default."""
    identity: str
    """BY DEFAULT for an auto field; empty for other columns."""
    generated: str
    """STORED or VIRTUAL for a generated column; empty for others."""
    expression: str | None
    """The SQL of a generated column; None for others."""
    collation: str
    """The name of the collation; empty for the default of the type."""
    comment: str


def declared_columns(model: Any, editor: Any) -> dict[str, DeclaredColumn]:
    """Return the columns of the model's own table, by their names; a field without a column is left out."""
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
    """Return the SQL of `db_default`; None where the field has none, and where it is NULL, which means the same."""
    if not field.has_db_default():
        return None
    sql, parameters = editor.db_default_sql(field)
    default = str(editor.connection.ops.compose_sql(sql, parameters))
    return None if default.upper() == "NULL" else default


def _generated(field: Any, editor: Any) -> str:
    sql, parameters = field.generated_sql(editor.connection)
    return str(editor.connection.ops.compose_sql(sql, parameters))
