"""The check of who owns the tables that the measured plan alters, gives an index to, or drops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrations_safety.locking.statement_text import NAME
from migrations_safety.measurement.report import MeasuredPlan, MeasuredStatement
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import privilege as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.identifiers import quote_identifier

ALTERS = re.compile(
    r"\b(?:ALTER\s+TABLE|(?P<drop>DROP\s+TABLE)|CREATE\s+(?:UNIQUE\s+)?INDEX\b[^(;]*?\sON)\s+"
    rf"(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?P<table>{NAME}(?:\.{NAME})?)",
    re.IGNORECASE,
)
"""A statement that only the owner of the table may run."""
LAST_NAME = re.compile(rf"{NAME}\Z")


def check_ownership(connection: Connection, measured: MeasuredPlan, *, role: str) -> list[Finding]:
    """Find tables that the plan alters and that do not belong to the role; on the scratch database all do."""
    wanted: dict[str, bool] = {}
    for transaction in measured.transactions:
        for operation in transaction.operations:
            for one in operation.statements:
                for table, is_drop in _altered(one):
                    wanted[table] = wanted.get(table, True) and is_drop
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement("ownership.of_others"), {"names": list(wanted), "drops": list(wanted.values())})
        return [_finding(*row, role=role) for row in cursor.fetchall()]


def _altered(measured: MeasuredStatement) -> Iterator[tuple[str, bool]]:
    """The existing tables that a statement names and may only touch as their owner, and whether it drops them."""
    existing = {_last(effect.table): effect.table for effect in measured.tables if not effect.new}
    for found in ALTERS.finditer(measured.sql):
        if table := existing.get(_last(found["table"])):
            yield table, bool(found["drop"])


def _last(name: str) -> str:
    """The name without its schema, as the catalog has it."""
    found = LAST_NAME.search(name)
    last = found[0] if found else name
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def _finding(table: str, owner: str, is_of_superuser: bool, *, role: str) -> Finding:
    give = f"ALTER TABLE {table} OWNER TO {quote_identifier(role)};" if is_of_superuser else None
    return wording.not_owner(table, role=role, owner=owner, give=give)
