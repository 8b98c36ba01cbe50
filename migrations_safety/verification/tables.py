"""Compares the tables of models and the enum types of their columns with the catalog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import schema as wording
from migrations_safety.plan.pending import Pending
from migrations_safety.postgresql import catalog, table_details
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.table_details import TableDetails
from migrations_safety.schema.columns import compare_columns
from migrations_safety.schema.constraints import compare_constraints
from migrations_safety.schema.declared_columns import declared_columns
from migrations_safety.schema.declared_constraints import declared_constraints
from migrations_safety.schema.declared_indexes import declared_indexes
from migrations_safety.schema.expressions import Expressions
from migrations_safety.schema.indexes import compare_indexes
from migrations_safety.sql.identifiers import quote_identifier
from migrations_safety.verification.origin import ModelStates
from migrations_safety.verification.scope import Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The result of a comparison.

    `expected` is, for each kind of object, the number of declared ones; `found` the number of those that exist as
    declared.
    """

    findings: list[Finding] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def add(self, other: Comparison) -> None:
        """Add the findings and the counts of another comparison to this one."""
        self.findings.extend(other.findings)
        self.expected.update(other.expected)
        self.found.update(other.found)


def compare_tables(connection: Connection, scope: Scope, pending: Pending, *, role: str) -> Comparison:
    """Compare every table of the scope with its model.

    Raises MayNotRead where `role` lacks SELECT on one of the tables, because PostgreSQL then prints no expression over
    its columns.
    """
    there = table_details.read(connection, scope.tables)
    catalog.refuse_unreadable_tables([one.table for one in there.values()], role=role)
    others = catalog.kinds_of_relations(connection, set(scope.tables) - set(there))
    comparison, states = Comparison(), ModelStates(connection, pending)
    for model in scope.models:
        comparison.add(_compare(connection, model, there, others, states))
    return comparison


def _compare(
    connection: Connection,
    model: Any,
    there: Mapping[str, TableDetails],
    others: Mapping[str, str],
    states: ModelStates,
) -> Comparison:
    table = model._meta.db_table
    if table in there:
        compared = compare_table(connection, model, there[table])

        def compare(other: Any) -> list[Finding]:
            return compare_table(connection, other, there[table]).findings

        findings = states.explain(compared.findings, model, compare=compare)
        return Comparison(findings=findings, expected=compared.expected, found=compared.found)
    if table in others:
        missing = wording.table_is_other(table, found=others[table], made_by=states.made_by(model))
    else:
        missing = states.explain_missing_table(wording.table_missing(table, made_by=states.made_by(model)), model)
    return Comparison(findings=[missing], expected=_expected(model, _editor(connection)))


def _editor(connection: Connection) -> Any:
    return connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)


def _expected(model: Any, editor: Any) -> Counter[str]:
    return Counter(
        tables=1,
        columns=len(declared_columns(model, editor)),
        indexes=len(declared_indexes(model, editor)),
        constraints=len(declared_constraints(model, editor)),
    )


def compare_table(connection: Connection, model: Any, there: TableDetails) -> Comparison:
    """Compare one existing table with a model of it, except its foreign keys."""
    editor = _editor(connection)
    expressions = Expressions(connection, schema=there.table.schema, relation=there.table.relation)
    columns = compare_columns(connection, model, editor, there, expressions)
    constraints = compare_constraints(model, editor, there, expressions)
    indexes = compare_indexes(model, editor, there, expressions)
    of_table = [*_itself(model, there), *columns.findings, *constraints.findings]
    is_as_declared = all(one.level is Level.INFO for one in of_table)
    found = Counter(
        tables=int(is_as_declared), columns=columns.matching, constraints=constraints.matching, indexes=indexes.matching
    )
    expected = Counter(tables=1, columns=columns.declared, constraints=constraints.declared, indexes=indexes.declared)
    return Comparison(findings=[*of_table, *indexes.findings], expected=expected, found=found)


def _itself(model: Any, there: TableDetails) -> Iterator[Finding]:
    if not there.table.is_permanent:
        yield wording.table_unlogged(there.table.name, alter=there.table.to_paste)
    comment = model._meta.db_table_comment
    if comment and comment != there.comment:
        yield wording.comment_differs(there.table.name)


def compare_enums(connection: Connection, enums: Mapping[str, tuple[str, ...]], pending: Pending) -> Comparison:
    """Compare the labels of each enum type, and their order, with the declared ones."""
    comparison = Comparison(expected=Counter(enum_labels=sum(map(len, enums.values()))))
    for name, declared in enums.items():
        found = catalog.enum_labels(connection, name)
        if found != declared:
            comparison.findings.append(_enum(name, declared, found, is_pending=pending.makes_enum(name)))
        matching = sum(one == other for one, other in zip(declared, found, strict=False))
        comparison.found.update(enum_labels=matching)
    return comparison


def _enum(name: str, declared: tuple[str, ...], found: tuple[str, ...], *, is_pending: bool) -> Finding:
    if found:
        return wording.enum_differs(name, declared=", ".join(declared), found=", ".join(found))
    labels = ", ".join("'" + one.replace("'", "''") + "'" for one in declared)
    create = f"CREATE TYPE {quote_identifier(name)} AS ENUM ({labels});"
    return wording.enum_missing(name, declared=", ".join(declared), is_pending=is_pending, create=create)
