"""Compares PRIMARY KEY, UNIQUE, CHECK and EXCLUDE constraints with their models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.postgresql.relations import Table
from migrations_safety.postgresql.table_details import Constraint, Index, TableDetails
from migrations_safety.schema.declared_constraints import (
    CHECK,
    PRIMARY_KEY,
    DeclaredConstraint,
    declared_constraints,
    unknown_constraints,
)
from migrations_safety.schema.expressions import Expressions
from migrations_safety.schema.index_definition import differing_fields, existing_definition
from migrations_safety.schema.matching import Compared, Pair, pair
from migrations_safety.sql.identifiers import qualify_if_needed, quote_identifier


def compare_constraints(model: Any, editor: Any, there: TableDetails, expressions: Expressions) -> Compared:
    """Compare the constraints of one table, except foreign keys, with its model."""
    indexes = {one.name: one for one in there.indexes if one.is_of_constraint}
    declared = declared_constraints(model, editor)
    expressions.read(_to_read(declared, there.constraints, indexes))

    def differ(one: DeclaredConstraint, other: Constraint) -> bool:
        return _differ(one, other, indexes.get(other.name), expressions, there.collations)

    primary = next((one for one in there.constraints if one.kind == PRIMARY_KEY), None)
    others = [one for one in there.constraints if one is not primary]
    paired = pair(declared[1:], others, are_same=lambda one, other: not differ(one, other))
    findings, matching = [], 0
    for both in [Pair(declared=declared[0], existing=primary), *paired.pairs]:
        one, other = both.declared, both.existing
        differences = list(_differences(there.table, one, other, differs=bool(other and differ(one, other))))
        index = indexes.get(other.name) if other else None
        if index and not index.valid:
            name = qualify_if_needed(index.name, schema=there.table.schema)
            differences.append(wording.index_invalid(f"{there.table.name}.{index.name}", index=name))
        findings += differences
        matching += not differences
    unknown = {one.name for one in unknown_constraints(model)}
    findings += [_extra(there.table, one) for one in paired.extra if one.name not in unknown]
    return Compared(findings=findings, declared=len(declared), matching=matching)


def _to_read(
    declared: Iterable[DeclaredConstraint], found: Iterable[Constraint], indexes: dict[str, Index]
) -> Iterator[str]:
    conditions = [*(one.condition for one in declared), *(one.condition for one in found)]
    yield from filter(None, conditions)
    definitions = [*(one.index for one in declared), *map(existing_definition, indexes.values())]
    for definition in filter(None, definitions):
        yield from definition.expressions


def _differ(
    declared: DeclaredConstraint,
    found: Constraint,
    index: Index | None,
    expressions: Expressions,
    collations: frozenset[str],
) -> bool:
    plain = ("kind", "operators", "deferrable", "deferred")
    if any(getattr(declared, name) != getattr(found, name) for name in plain):
        return True
    if declared.kind == CHECK:
        return not expressions.are_equivalent(declared.condition, found.condition)
    assert declared.index and index  # these kinds of constraints always have an index
    return bool(differing_fields(declared.index, existing_definition(index), expressions, collations=collations))


def _differences(
    table: Table, declared: DeclaredConstraint, found: Constraint | None, *, differs: bool
) -> Iterator[Finding]:
    subject = f"{table.name}.{found.name if found else declared.name}"
    if found is None:
        add = f"ALTER TABLE {table.to_paste} {_add(declared)};"
        yield wording.constraint_missing(subject, declared=str(declared), add=add)
        return
    drop = f"DROP CONSTRAINT {quote_identifier(found.name)}"
    replace = f"ALTER TABLE {table.to_paste} {drop}, {_add(declared)};"
    if differs or not found.enforced:
        words = f"CHECK {found.condition}" if found.condition else found.definition
        words += "" if found.enforced else " NOT ENFORCED"
        yield wording.constraint_differs(subject, declared=str(declared), found=words, replace=replace)
    elif not found.validated:
        validate = f"ALTER TABLE {table.to_paste} VALIDATE CONSTRAINT {quote_identifier(found.name)};"
        words = f"CHECK {found.condition} NOT VALID"
        yield wording.constraint_differs(subject, declared=str(declared), found=words, replace=validate)


def _add(declared: DeclaredConstraint) -> str:
    return f"ADD CONSTRAINT {quote_identifier(declared.name)} {declared}"


def _extra(table: Table, constraint: Constraint) -> Finding:
    words = f"CHECK {constraint.condition}" if constraint.condition else constraint.definition
    subject = f"{table.name}.{constraint.name}"
    return wording.constraint_extra(subject, found=words, alter=table.to_paste, name=constraint.name)
