"""Reads from Django's models which indexes their tables must have, including those that fields imply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.db.backends.ddl_references import Expressions as CompiledExpressions
from django.db.models.expressions import OrderBy
from django.db.models.functions import Collate
from django.db.models.sql import Query

from migrations_safety.constraints import UniqueIndex
from migrations_safety.schema.index_definition import IndexDefinition, IndexKey, bare
from migrations_safety.sql.identifiers import as_stored, quote_if_needed


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredIndex:
    """An index as the model declares it.

    Where Django chooses the name (`is_named` is False), the index may have any other name too.
    """

    name: str
    is_named: bool
    definition: IndexDefinition


def declared_indexes(model: Any, editor: Any) -> list[DeclaredIndex]:
    """Return the indexes of fields, of Meta.indexes, and of each UniqueConstraint that Django creates as an index."""
    implied = [one for field in model._meta.local_concrete_fields for one in editor._field_indexes_sql(model, field)]
    of_constraints = [one for one in model._meta.constraints if is_made_as_index(one)]
    declared = (
        *(_implied(statement) for statement in implied),
        *(_named(model, editor, index) for index in model._meta.indexes),
        *(_of_constraint(model, editor, one) for one in of_constraints),
    )
    return list(dict.fromkeys(declared))  # AddIndex and then RenameIndex(old_fields=…) declare one twice


def is_made_as_index(constraint: Any) -> bool:
    """Whether Django creates a unique index for this constraint.

    It does so for options that `ADD CONSTRAINT … UNIQUE` does not have, such as a condition.
    """
    parts = ("condition", "include", "opclasses", "expressions")
    return hasattr(constraint, "nulls_distinct") and any(getattr(constraint, part, None) for part in parts)


def _implied(statement: Any) -> DeclaredIndex:
    name = str(statement.parts["name"])[1:-1].replace('""', '"')
    return DeclaredIndex(name=name, is_named=False, definition=_definition(statement))


def _named(model: Any, editor: Any, index: Any) -> DeclaredIndex:
    statement = index.create_sql(model, editor)
    options = index.get_with_params() if hasattr(index, "get_with_params") else ()
    definition = _definition(
        statement,
        is_unique=isinstance(index, UniqueIndex) or _says_unique(statement.template),
        included=columns_in_sql(model, index.include),
        predicate=index._get_condition_sql(model, editor),
        options=frozenset(one.replace(" = ", "=") for one in options),
    )
    return DeclaredIndex(name=as_stored(index.name), is_named=True, definition=definition)


def _says_unique(template: Any) -> bool:
    """Whether the SQL template of another app's index class creates a unique index.

    A template is a str, an object with the text in `sql`, or a list of these.
    """
    if isinstance(template, list):
        return any(map(_says_unique, template))
    return str(getattr(template, "sql", template)).startswith("CREATE UNIQUE")


def _of_constraint(model: Any, editor: Any, constraint: Any) -> DeclaredIndex:
    definition = IndexDefinition(
        is_unique=True,
        keys=constraint_keys(model, editor, constraint),
        included=columns_in_sql(model, constraint.include),
        predicate=constraint._get_condition_sql(model, editor),
        nulls_not_distinct=constraint.nulls_distinct is False,
    )
    return DeclaredIndex(name=as_stored(constraint.name), is_named=True, definition=definition)


def constraint_keys(model: Any, editor: Any, constraint: Any) -> tuple[IndexKey, ...]:
    """Return the keys of the index of a UniqueConstraint: its columns or expressions."""
    if constraint.expressions:
        compiler = Query(model, alias_cols=False).get_compiler(connection=editor.connection)
        compiled = constraint._get_index_expressions(model, editor).get_source_expressions()
        return tuple(expression_key(one, compiler, editor.quote_value) for one in compiled)
    columns = columns_in_sql(model, constraint.fields)
    classes = constraint.opclasses or [""] * len(columns)
    return tuple(IndexKey(expression=one, operator_class=name) for one, name in zip(columns, classes, strict=True))


def columns_in_sql(model: Any, fields: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of the named fields, quoted as the catalog prints them."""
    return tuple(bare(quote_if_needed(model._meta.get_field(name).column)) for name in fields or ())


def _definition(statement: Any, *, is_unique: bool = False, **parts: Any) -> IndexDefinition:
    """Return the definition of the index that Django would create with `statement`.

    `parts` are the other fields of the definition, which the statement holds only as text.
    """
    using = str(statement.parts.get("using") or "").split()
    keys = tuple(_keys(statement.parts["columns"]))
    return IndexDefinition(is_unique=is_unique, method=using[-1].lower() if using else "btree", keys=keys, **parts)


def _keys(columns: Any) -> Iterator[IndexKey]:
    if isinstance(columns, CompiledExpressions):
        compiled: Any = columns
        for one in compiled.expressions.get_source_expressions():
            yield expression_key(one, compiled.compiler, compiled.quote_value)
        return
    orders = [*(columns.col_suffixes or ()), *[""] * len(columns.columns)]
    classes = [*getattr(columns, "opclasses", ()), *[""] * len(columns.columns)]
    for column, order, operator_class in zip(columns.columns, orders, classes, strict=False):
        is_descending = order == "DESC"
        yield IndexKey(
            expression=bare(quote_if_needed(column)),
            descending=is_descending,
            nulls_first=is_descending,
            operator_class=operator_class,
        )


def expression_key(compiled: Any, compiler: Any, quote_value: Any) -> IndexKey:
    """Return the index key for a compiled IndexExpression.

    Django wraps the order, the operator class and the collation around the expression itself.
    """
    inner: Any
    (inner,) = compiled.get_source_expressions()
    parts: dict[str, Any] = {}
    while isinstance(inner, OrderBy | OpClass | Collate):
        if isinstance(inner, OrderBy):
            parts |= {"descending": inner.descending, "nulls_first": inner.descending}
            parts |= {"nulls_first": True} if inner.nulls_first else {}
            parts |= {"nulls_first": False} if inner.nulls_last else {}
        elif isinstance(inner, OpClass):
            parts |= {"operator_class": inner.extra["name"]}
        else:
            parts |= {"collation": inner.collation}  # type: ignore[attr-defined]  # the stubs lack it
        inner = inner.get_source_expressions()[0]
    sql, parameters = compiler.compile(inner)
    expression = sql % tuple(map(quote_value, parameters))
    return IndexKey(expression=bare(expression), is_column=hasattr(inner, "target"), **parts)
