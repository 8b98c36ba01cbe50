"""Reads from Django's models which constraints their tables must have, except foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db.models import CheckConstraint, Deferrable, UniqueConstraint
from django.db.models.sql import Query

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.schema.declared_indexes import (
    columns_in_sql,
    constraint_keys,
    expression_key,
    is_made_as_index,
)
from migrations_safety.schema.index_definition import IndexDefinition, IndexKey, bare
from migrations_safety.sql.identifiers import as_stored, quote_if_needed

PRIMARY_KEY, UNIQUE, CHECK, EXCLUSION = "PRIMARY KEY", "UNIQUE", "CHECK", "EXCLUDE"
KNOWN = (CheckConstraint, UniqueConstraint, ExclusionConstraint)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredConstraint:
    """A constraint as the model declares it.

    `kind` is PRIMARY KEY, UNIQUE, CHECK or EXCLUDE. `condition` is the SQL of a CHECK. For the other kinds `index`
    defines the index that enforces the constraint; `operators` are those of an EXCLUDE, one for each key. Where Django
    chooses the name (`is_named` is False), the constraint may have any other name too.
    """

    name: str
    is_named: bool
    kind: str
    index: IndexDefinition | None = None
    condition: str | None = None
    operators: tuple[str, ...] = ()
    deferrable: bool = False
    deferred: bool = False

    def __str__(self) -> str:
        words = f"CHECK ({self.condition})" if self.index is None else self._on(self.index)
        words += " DEFERRABLE" if self.deferrable else ""
        return words + (" INITIALLY DEFERRED" if self.deferred else "")

    def _on(self, index: IndexDefinition) -> str:
        if self.kind == EXCLUSION:
            keys = [f"{key} WITH {operator}" for key, operator in zip(index.keys, self.operators, strict=True)]
            words = f"EXCLUDE USING {index.method} ({', '.join(keys)})"
            words += f" INCLUDE ({', '.join(index.included)})" if index.included else ""
            return words + (f" WHERE ({index.predicate})" if index.predicate else "")
        nulls = " NULLS NOT DISTINCT" if index.nulls_not_distinct else ""
        return f"{self.kind}{nulls} ({', '.join(map(str, index.keys))})"


def declared_constraints(model: Any, editor: Any) -> list[DeclaredConstraint]:
    """Return the constraints of fields, of unique_together and of Meta.constraints; the primary key comes first.

    A UniqueConstraint that Django creates as an index is left out, and so is a ForeignKeyConstraint: `compare_indexes`
    and `compare_keys` compare these.
    """
    named = [one for one in model._meta.constraints if isinstance(one, KNOWN) and not is_made_as_index(one)]
    return [
        _primary_key(model),
        *_of_fields(model, editor),
        *_unique_together(model),
        *(_named(model, editor, one) for one in named),
    ]


def unknown_constraints(model: Any) -> list[Any]:
    """Return the entries of Meta.constraints whose class is unknown here, because another app defines it."""
    return [one for one in model._meta.constraints if not isinstance(one, (*KNOWN, ForeignKeyConstraint))]


def _primary_key(model: Any) -> DeclaredConstraint:
    columns = [field.column for field in model._meta.pk_fields]
    return DeclaredConstraint(
        name=f"{model._meta.db_table}_pkey", is_named=False, kind=PRIMARY_KEY, index=_index(columns)
    )


def _index(columns: list[str], *, nulls_not_distinct: bool = False) -> IndexDefinition:
    keys = tuple(IndexKey(expression=bare(quote_if_needed(column))) for column in columns)
    return IndexDefinition(is_unique=True, keys=keys, nulls_not_distinct=nulls_not_distinct)


def _of_fields(model: Any, editor: Any) -> Iterator[DeclaredConstraint]:
    table = model._meta.db_table
    for field in model._meta.local_concrete_fields:
        parameters = field.db_parameters(connection=editor.connection)
        if field.unique and not field.primary_key:
            name, index = f"{table}_{field.column}_key", _index([field.column])
            yield DeclaredConstraint(name=name, is_named=False, kind=UNIQUE, index=index)
        if parameters.get("check"):
            name = f"{table}_{field.column}_check"
            yield DeclaredConstraint(name=name, is_named=False, kind=CHECK, condition=parameters["check"])


def _unique_together(model: Any) -> Iterator[DeclaredConstraint]:
    for names in model._meta.unique_together:
        columns = [model._meta.get_field(name).column for name in names]
        name = f"{model._meta.db_table}_{'_'.join(columns)}_key"
        yield DeclaredConstraint(name=name, is_named=False, kind=UNIQUE, index=_index(columns))


def _named(model: Any, editor: Any, constraint: Any) -> DeclaredConstraint:
    if isinstance(constraint, CheckConstraint):
        condition = str(constraint._get_check_sql(model, editor))  # type: ignore[attr-defined]
        return DeclaredConstraint(name=as_stored(constraint.name), is_named=True, kind=CHECK, condition=condition)
    if isinstance(constraint, UniqueConstraint):
        keys = constraint_keys(model, editor, constraint)
        index = IndexDefinition(is_unique=True, keys=keys, nulls_not_distinct=constraint.nulls_distinct is False)
        return _deferrable(constraint, kind=UNIQUE, index=index)
    return _exclusion(model, editor, constraint)


def _exclusion(model: Any, editor: Any, constraint: Any) -> DeclaredConstraint:
    query = Query(model, alias_cols=False)
    compiler = query.get_compiler(connection=editor.connection)
    compiled = constraint._get_expressions(editor, query).get_source_expressions()
    index = IndexDefinition(
        is_unique=False,
        method=constraint.index_type.lower(),
        keys=tuple(expression_key(one, compiler, editor.quote_value) for one in compiled),
        included=columns_in_sql(model, constraint.include),
        predicate=constraint._get_condition_sql(compiler, editor, query),
    )
    operators = tuple(operator for _, operator in constraint.expressions)
    return _deferrable(constraint, kind=EXCLUSION, index=index, operators=operators)


def _deferrable(constraint: Any, **parts: Any) -> DeclaredConstraint:
    return DeclaredConstraint(
        name=as_stored(constraint.name),
        is_named=True,
        deferrable=constraint.deferrable is not None,
        deferred=constraint.deferrable is Deferrable.DEFERRED,
        **parts,
    )
