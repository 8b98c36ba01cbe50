"""The check of needless work: what an operation drops and makes again as it was, with a lock for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrations_safety.measurement.remade import Remade
from migrations_safety.measurement.report import MeasuredOperation, MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import plan as wording

DROPS = re.compile(r"\bDROP (?:CONSTRAINT|INDEX)\b", re.IGNORECASE)
MAKES = re.compile(r"\b(?:ADD CONSTRAINT|CREATE (?:UNIQUE )?INDEX)\b", re.IGNORECASE)
LOOKS = re.compile(r"\s*(?:SELECT|SET)\b", re.IGNORECASE)
"""What Django sends to find a name, and SET CONSTRAINTS."""
DECLARED = ("AddIndex", "AddConstraint")
"""Operations whose object has a name that the model declares, so that it has to have that name afterwards."""
ON_PURPOSE = ("RunSQL", "RunPython", "SeparateDatabaseAndState")
"""Operations whose statements somebody wrote by hand, or between which somebody changes rows."""


def check_needless(measured: MeasuredPlan) -> Iterator[Finding]:
    """Find indexes and constraints that operations of one migration drop and make again with the same definition.

    Nothing is said where somebody wrote the statements by hand, or where code runs between the two.
    """
    for one in measured.remade:
        operations = [each for each in _operations(measured) if each.migration == one.migration]
        dropping = next((each for each in operations if _has(each, DROPS, one.before)), None)
        making = next((each for each in operations if _has(each, MAKES, one.after)), None)
        if dropping is None or making is None or dropping.number > making.number:
            continue
        involved = [each for each in operations if dropping.number <= each.number <= making.number]
        if not any(each.kind in ON_PURPOSE or each.opaque for each in involved):
            yield _finding(one, dropping, making)


def _operations(measured: MeasuredPlan) -> Iterator[MeasuredOperation]:
    return (one for transaction in measured.transactions for one in transaction.operations)


def _has(operation: MeasuredOperation, pattern: re.Pattern[str], name: str) -> bool:
    return any(pattern.search(one.sql) and f'"{name}"' in one.sql for one in operation.statements)


def _finding(remade: Remade, dropping: MeasuredOperation, making: MeasuredOperation) -> Finding:
    both = [dropping] if dropping is making else [dropping, making]
    return wording.needless(
        remade.table,
        migration=remade.migration,
        number=dropping.number,
        operations=" and ".join(map(str, both)),
        remade=f'{remade.kind} "{remade.before}"',
        rest="; ".join(_rest(remade, both)),
    )


def _rest(remade: Remade, operations: list[MeasuredOperation]) -> Iterator[str]:
    """Return the statements that are still needed: the others of the operations, and a rename to a declared name."""
    for operation in operations:
        for one in operation.statements:
            is_needless = any(f'"{name}"' in one.sql for name in (remade.before, remade.after))
            if not is_needless and not LOOKS.match(one.sql):
                yield one.sql.rstrip("; ")
    if remade.before != remade.after and operations[-1].kind in DECLARED:
        yield _renaming(remade)


def _renaming(remade: Remade) -> str:
    if remade.kind == "index":
        return f'ALTER INDEX "{remade.before}" RENAME TO "{remade.after}"'
    return f'ALTER TABLE {remade.table} RENAME CONSTRAINT "{remade.before}" TO "{remade.after}"'
