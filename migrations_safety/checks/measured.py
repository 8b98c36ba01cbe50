"""The check of what a plan did on the scratch database: where it fails, and which of its steps undo each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from migrations_safety.measurement.report import (
    NO_FAULT,
    NOT_RUN,
    TOO_SLOW,
    MeasuredOperation,
    MeasuredPlan,
    MeasuredStatement,
    MeasuredTransaction,
)
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import listed, pluralize
from migrations_safety.messages.sqlstates import meaning
from migrations_safety.messages.wording import plan as wording

IN_TRANSACTION, UNSUPPORTED, NEW_ENUM_LABEL = "25001", "0A000", "55P04"
NOT_SUPPORTED = "NotSupportedError"
"""What Django's own concurrent operations raise in a transaction."""
ABOUT_DEFINITIONS = ("0A", "25", "2B", "3F", "42", "55P04")
"""Classes of SQLSTATE that tell of definitions. Other classes tell of rows, time or the server: what the scratch
database lacks may be the cause of these."""
MAY_BE_LEFT_OUT = ("42704", "42883", "42P01", "42703", "3F000", "58P01")
"""SQLSTATEs of something that does not exist, which the copy of the schema may have left out."""
CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
NOT_VALID = re.compile(r"\bNOT VALID\b", re.IGNORECASE)
VALIDATE = re.compile(r"\bVALIDATE CONSTRAINT\b", re.IGNORECASE)
SET_NOT_NULL = re.compile(r"\bSET NOT NULL\b", re.IGNORECASE)


def check_measured(measured: MeasuredPlan, *, version: str) -> list[Finding]:
    """Find where the plan fails, NOT VALID and VALIDATE in one transaction, and NOT NULL that a CHECK proves.

    A plan that could not be measured, or only in part, is a finding, too, and so is a server of another major version
    than that of the target, which is `version`.
    """
    if not measured.is_measured:
        return [] if measured.reason in NO_FAULT else [_not_measured_at_all(str(measured.reason))]
    found = list(_failure(measured))
    if str(measured.server_version).partition(".")[0] != version.partition(".")[0]:
        found.append(wording.other_version(str(measured.server_version), version=version))
    for transaction in measured.transactions:
        found += _validated_at_once(transaction)
        found += _proven(transaction, empty=measured.left_out)
    return found


def _not_measured_at_all(reason: str) -> Finding:
    hints = ((TOO_SLOW, wording.MORE_TIME), (NOT_RUN, wording.ON_A_COPY))
    hint = next((hint for begin, hint in hints if reason.startswith(begin)), wording.ANOTHER_SCRATCH)
    if reason.endswith("installed here"):
        hint = wording.PROGRAMS
    return wording.not_measured(wording.THE_PLAN, because=reason, hint=hint)


def _failure(measured: MeasuredPlan) -> Iterator[Finding]:
    """The finding for the error that ended the plan: it would fail here, or nobody knows."""
    if measured.error is None:
        return
    transaction = measured.transactions[-1] if measured.transactions else None
    operation = _failed_operation(transaction) if transaction else None
    if transaction is None or operation is None:
        yield _not_measured_from(transaction, f"it ended on the scratch database with {meaning(measured.error)}")
        return
    statement = next((one for one in operation.statements if one.error), None)
    code = str(statement.error) if statement else measured.error
    if doubt := _doubt(measured, operation, code):
        because = f"it failed on the scratch database in {operation} with {meaning(code)}, but {doubt}"
        yield _not_measured_from(transaction, because)
        return
    yield _failing(transaction, operation, code, statement)


def _not_measured_from(transaction: MeasuredTransaction | None, because: str) -> Finding:
    label = transaction.migrations[0] if transaction else ""
    subject = f"the plan from {label} on" if label else wording.THE_PLAN
    return wording.not_measured(subject, because=because, migration=label, hint=wording.ON_A_COPY)


def _failed_operation(transaction: MeasuredTransaction) -> MeasuredOperation | None:
    """The operation that failed; a deferred statement fails at the end, and counts to the one that deferred it."""
    deferring = (one for one in transaction.operations if any(statement.error for statement in one.statements))
    number = transaction.failed
    return transaction.operations[number - 1] if number else next(deferring, None)


def _doubt(measured: MeasuredPlan, failing: MeasuredOperation, code: str) -> str:
    """Why the failure on the scratch database is no proof of one on the target; empty where it is one."""
    if failing.opaque or failing.ran_code:
        return "its code saw no row of the target"
    if re.fullmatch("[0-9A-Z]{5}", code) and not code.startswith(ABOUT_DEFINITIONS):
        return "the cause may be the rows or the settings of the scratch database"
    before = list(takewhile(lambda one: one is not failing, _operations(measured)))
    if opaque := [one for one in before if one.opaque]:
        return f"{pluralize(len(opaque), 'operation')} before it runs code that was not run"
    if code in MAY_BE_LEFT_OUT and measured.left_out:
        return f"{pluralize(len(measured.left_out), 'object')} of the target could not be copied"
    return ""


def _operations(measured: MeasuredPlan) -> Iterator[MeasuredOperation]:
    return (one for transaction in measured.transactions for one in transaction.operations)


def _failing(
    transaction: MeasuredTransaction, operation: MeasuredOperation, code: str, statement: MeasuredStatement | None
) -> Finding:
    where = _where(operation)
    if code in (IN_TRANSACTION, NOT_SUPPORTED) and transaction.atomic:
        return wording.needs_no_transaction(**where)
    if code == UNSUPPORTED and statement and CONCURRENTLY.search(statement.sql):
        return wording.concurrently_on_partitioned(**where)
    if code == NEW_ENUM_LABEL:
        return wording.new_label_used(**where)
    said = statement.message if statement and statement.message else ""
    return wording.fails(**where, place=operation.at, code=code, said=said)


def _where(operation: MeasuredOperation) -> dict[str, Any]:
    return {"migration": operation.migration, "operation": str(operation), "number": operation.number}


def _validated_at_once(transaction: MeasuredTransaction) -> Iterator[Finding]:
    """The finding for a constraint that is added NOT VALID and validated while the lock of the first is still held."""
    if not transaction.atomic:
        return
    unproven: set[str] = set()
    for operation in transaction.operations:
        for statement in operation.statements:
            existing = {effect.table for effect in statement.tables if not effect.new}
            if VALIDATE.search(statement.sql) and (together := existing & unproven):
                yield wording.validated_at_once(**_where(operation), tables=listed(sorted(together)))
                return
            if NOT_VALID.search(statement.sql):
                unproven |= existing


def _proven(transaction: MeasuredTransaction, *, empty: tuple[str, ...]) -> Iterator[Finding]:
    """The findings for columns that become NOT NULL without a scan, because a validated CHECK proves it."""
    for operation in transaction.operations:
        for statement in operation.statements:
            unread = [one.table for one in statement.tables if one.lock and not (one.new or one.scanned)]
            proven = [table for table in unread if not _is_empty(table, empty)]
            if SET_NOT_NULL.search(statement.sql) and proven:
                yield wording.proven_not_null(**_where(operation), table=proven[0])


def check_opaque(measured: MeasuredPlan) -> list[Finding]:
    """Find operations whose code the measurement passed over."""
    if not measured.opaque:
        return []
    places = [one.at + (f" ({', '.join(one.models)})" if one.models else "") for one in measured.opaque]
    return [wording.runs_code(kinds=f"{pluralize(len(places), 'operation')} at {listed(places)}")]


def _is_empty(table: str, left_out: tuple[str, ...]) -> bool:
    return any(one.startswith((f"rows in {table}:", "rows:")) for one in left_out)
