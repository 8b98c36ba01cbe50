"""Checks of who is using the tables now."""

from __future__ import annotations

from collections import Counter

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import locks as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

LONG = 5
"""Seconds: what a migration can wait out by trying again, a shorter transaction than this is."""


def check_locks(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Long and idle transactions, prepared transactions and wraparound vacuums on the tables of the plan."""
    names = _at_keys_of_dropped(connection, inspected) | {table.oid: table.name for table in inspected.touched()}
    found: list[Finding] = []
    hidden: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(statement("locks.users_of_tables"), {"oids": list(names)})
        for oid, pid, state, seconds, application, wraparound, autovacuum in cursor.fetchall():
            if seconds is None and not autovacuum:
                hidden[names[oid]] += 1
            elif wraparound:
                found.append(wording.wraparound_vacuum(names[oid], pid=pid))
            elif not autovacuum and (seconds >= LONG or state.startswith("idle in transaction")):
                words = {"pid": pid, "state": state, "seconds": seconds, "application": application}
                found.append(wording.long_transaction(names[oid], **words))
        cursor.execute(statement("locks.prepared_transactions_on_tables"), {"oids": list(names)})
        found += [wording.prepared_transaction(names[oid], seconds=seconds) for oid, seconds in cursor.fetchall()]
    return found + [
        wording.hidden_sessions(table, sessions=sessions, role=inspected.target.role)
        for table, sessions in sorted(hidden.items())
    ]


def _at_keys_of_dropped(connection: Connection, inspected: InspectedPlan) -> dict[int, str]:
    """The other ends of the keys that go with a table, also of those that no model declares: they are locked too."""
    dropped = {inspected.tables[name].oid for name in inspected.plan.rollback.dropped if name in inspected.tables}
    targets = {key.target_oid: key.target_table for key in inspected.foreign_keys if key.table_oid in dropped}
    return targets | (catalog.referencing(connection, dropped) if dropped else {})
