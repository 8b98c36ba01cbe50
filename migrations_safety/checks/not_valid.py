"""The check for constraints that an earlier deploy left NOT VALID, on the tables of the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrations_safety.measurement.durations import tables_of
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import tables as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql.identifiers import quote_if_needed

SETTLES = re.compile(
    r'\b(?:VALIDATE|DROP)\s+CONSTRAINT\s+(?:IF\s+EXISTS\s+)?(?P<name>"(?:[^"]|"")+"|\w+)', re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class NotValid:
    """One constraint that is NOT VALID."""

    table: str
    name: str
    kind: str


def check_not_valid(connection: Connection, inspected: InspectedPlan, measured: MeasuredPlan) -> list[Finding]:
    """Find the NOT VALID constraints on tables of the plan, apart from those that it validates or drops.

    What a plan validates is known by its statements, of a plan that was not measured by the keys of its models alone.
    """
    asked = {"oids": [table.oid for table in inspected.touched()], "names": tables_of(measured)}
    found = rows(connection, "not_valid.constraints", asked, NotValid)
    settled = {*_settled(measured), *(key.name for key in inspected.keys)}
    return [
        wording.constraint_not_valid(
            one.table, kind=one.kind, name=one.name, statement=f"VALIDATE CONSTRAINT {quote_if_needed(one.name)}"
        )
        for one in found
        if one.name not in settled
    ]


def _settled(measured: MeasuredPlan) -> Iterator[str]:
    """Yield the names of the constraints that the plan validates or drops."""
    for transaction in measured.transactions:
        for operation in transaction.operations:
            for statement in operation.statements:
                for match in SETTLES.finditer(statement.sql):
                    name = match["name"]
                    yield name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
