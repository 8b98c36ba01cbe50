"""Brings the measured statements into the order in which they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from migrations_safety.measurement.report import MeasuredOperation, MeasuredStatement, MeasuredTransaction
from migrations_safety.rendering.document.values import Sql

OWN_OPERATIONS = ("CreateEnum", "AddForeignKeyNotValid", "ValidateForeignKey")
"""Operations of this package, which read the catalog before they change anything."""
READS = ("SELECT", "WITH")


def sql(transactions: Iterable[MeasuredTransaction]) -> tuple[Sql, ...]:
    """Return the statements of a plan as they are sent, those of one operation together; catalog reads are left out."""
    return tuple(part for one in transactions for part in _of_migration(one))


def _of_migration(transaction: MeasuredTransaction) -> Iterator[Sql]:
    sent = sorted(
        ((statement, operation) for operation in transaction.operations for statement in said(operation)),
        key=lambda pair: pair[0].place,
    )
    for number, pairs in groupby(sent, key=lambda pair: pair[1].number):
        statements, operations = zip(*pairs, strict=True)
        operation = operations[0]
        yield Sql(
            migration=operation.migration,
            operation=f"operation {number}, {operation.description}",
            at=operation.at,
            statements=tuple(one.sql for one in statements),
        )


def said(operation: MeasuredOperation) -> list[MeasuredStatement]:
    """Return the statements of an operation without those by which our own operations look before they act."""
    if operation.kind not in OWN_OPERATIONS:
        return list(operation.statements)
    return [one for one in operation.statements if not one.sql.lstrip().upper().startswith(READS)]


def number_of_statements(transactions: Iterable[MeasuredTransaction]) -> int:
    """Return how many statements a plan sends."""
    return sum(len(said(operation)) for one in transactions for operation in one.operations)
