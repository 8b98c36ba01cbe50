"""Brings the measured statements into the order in which they are sent, and lays out the long ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from migrations_safety.measurement.report import MeasuredOperation, MeasuredStatement, MeasuredTransaction
from migrations_safety.rendering.document.script import Sql, SqlPart

OWN_OPERATIONS = ("CreateEnum", "AddForeignKeyNotValid", "ValidateForeignKey")
"""Operations of this package, which read the catalog before they change anything."""
READS = ("SELECT", "WITH")
WIDTH = 100
"""A longer CREATE TABLE is laid out with one column on each line."""
TOKEN = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|'')*'|[(),]|[^"'(),]+|.""", re.DOTALL)
TRANSACTIONS = {True: "one transaction", False: "a transaction for each statement"}


def sql(transactions: Iterable[MeasuredTransaction]) -> tuple[Sql, ...]:
    """Return the statements of each migration as they are sent; reads of the catalog by our operations are left out."""
    found = (
        Sql(migration=", ".join(one.migrations), transaction=TRANSACTIONS[one.atomic], parts=tuple(_parts(one)))
        for one in transactions
    )
    return tuple(one for one in found if one.parts)


def _parts(transaction: MeasuredTransaction) -> Iterator[SqlPart]:
    sent = sorted(
        ((statement, operation) for operation in transaction.operations for statement in said(operation)),
        key=lambda pair: pair[0].place,
    )
    for number, pairs in groupby(sent, key=lambda pair: pair[1].number):
        statements, operations = zip(*pairs, strict=True)
        operation = operations[0]
        yield SqlPart(
            operation=f"operation {number}, {operation.description}",
            at=operation.at,
            statements=tuple(f"{laid_out(one.sql.strip().rstrip(';'))};" for one in statements),
        )


def said(operation: MeasuredOperation) -> list[MeasuredStatement]:
    """Return the statements of an operation without those by which our own operations look before they act."""
    if operation.kind not in OWN_OPERATIONS:
        return list(operation.statements)
    return [one for one in operation.statements if not one.sql.lstrip().upper().startswith(READS)]


def number_of_statements(transactions: Iterable[MeasuredTransaction]) -> int:
    """Return how many statements a plan sends."""
    return sum(len(said(operation)) for one in transactions for operation in one.operations)


def number_of_lines(transactions: Iterable[MeasuredTransaction]) -> int:
    """Return how many lines the statements of a plan have when they are laid out."""
    operations = [operation for one in transactions for operation in one.operations]
    return sum(laid_out(one.sql.strip()).count("\n") + 1 for operation in operations for one in said(operation))


def laid_out(statement: str) -> str:
    """Return a long CREATE TABLE with each column on a line of its own, any other statement as it is."""
    if len(statement) <= WIDTH or not statement.upper().startswith("CREATE TABLE"):
        return statement
    depth, lines = 0, [""]
    for token in TOKEN.findall(statement):
        depth -= token == ")"
        if token == ")" and depth == 0:
            lines.append("")
        lines[-1] += token if lines[-1].strip() else token.lstrip()
        if (token == "(" and depth == 0) or (token == "," and depth == 1):
            lines.append("    ")
        depth += token == "("
    return "\n".join(line.rstrip() for line in lines)
