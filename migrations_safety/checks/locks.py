"""The check of the sessions that hold locks on the tables of the plan now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import locks as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

LONG_TRANSACTION = 5
"""Seconds from which a transaction is reported. A migration tries again until a shorter transaction has ended."""


def check_locks(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find long and idle transactions, prepared transactions and wraparound vacuums on the tables of the plan."""
    return _users(connection, _of_plan(connection, inspected), role=inspected.target.role)


def check_locks_of_measured(
    connection: Connection, inspected: InspectedPlan, *, tables: Iterable[str]
) -> list[Finding]:
    """Find the same on tables that only the measurement has shown, such as those of a RunSQL.

    `tables` are the names of those on which the plan takes a lock that stops writers.
    """
    known = _of_plan(connection, inspected)
    with connection.cursor() as cursor:
        cursor.execute(statement("locks.oids_of_tables"), {"names": sorted(tables)})
        others = {oid: name for oid, name in cursor.fetchall() if oid not in known}
    return _users(connection, others, role=inspected.target.role) if others else []


def _of_plan(connection: Connection, inspected: InspectedPlan) -> dict[int, str]:
    return _at_keys_of_dropped(connection, inspected) | {table.oid: table.name for table in inspected.touched()}


def _users(connection: Connection, names: dict[int, str], *, role: str) -> list[Finding]:
    """Return the findings about the tables with these names, by oid."""
    with connection.cursor() as cursor:
        cursor.execute(statement("locks.users_of_tables"), {"oids": list(names)})
        found = _sessions(names, cursor.fetchall(), role=role)
        cursor.execute(statement("locks.prepared_transactions_on_tables"), {"oids": list(names)})
        prepared = [wording.prepared_transaction(names[oid], seconds=seconds) for oid, seconds in cursor.fetchall()]
    return [*found.visible, *prepared, *found.hidden]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sessions:
    """Findings about the sessions that the role may see, and about those that are hidden from the role."""

    visible: list[Finding]
    hidden: list[Finding]


def _sessions(names: dict[int, str], rows: Iterable[tuple[Any, ...]], *, role: str) -> _Sessions:
    visible: list[Finding] = []
    hidden: Counter[str] = Counter()
    for oid, pid, state, seconds, application, wraparound, autovacuum in rows:
        if seconds is None and not autovacuum:
            hidden[names[oid]] += 1
        elif wraparound:
            visible.append(wording.wraparound_vacuum(names[oid], pid=pid))
        elif not autovacuum and (seconds >= LONG_TRANSACTION or state.startswith("idle in transaction")):
            words = {"pid": pid, "state": state, "seconds": seconds, "application": application}
            visible.append(wording.long_transaction(names[oid], **words))
    return _Sessions(
        visible=visible,
        hidden=[
            wording.hidden_sessions(table, sessions=sessions, role=role) for table, sessions in sorted(hidden.items())
        ],
    )


def _at_keys_of_dropped(connection: Connection, inspected: InspectedPlan) -> dict[int, str]:
    """Names, by oid, of the tables at the other end of foreign keys of dropped tables. DROP TABLE locks these, too.

    Foreign keys that no model declares are included.
    """
    dropped = {inspected.tables[name].oid for name in inspected.plan.rollback.dropped if name in inspected.tables}
    targets = {key.target_oid: key.target_table for key in inspected.foreign_keys if key.table_oid in dropped}
    return targets | (catalog.referencing(connection, dropped) if dropped else {})
