"""The locks of a form, from the plan that `precheck` measured, and the table of them on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from migrations_safety.measurement.report import LOCKS

STOPS_WRITERS = LOCKS.index("ShareLock")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Weight:
    """What one migration does to one table, heavier first by whether others wait for long work, then by the lock."""

    is_long: bool
    lock: int
    work: str = ""

    def __str__(self) -> str:
        words = (
            re.sub(r"(?<!^)([A-Z])", r" \1", LOCKS[self.lock].removesuffix("Lock")).upper() if self.lock >= 0 else ""
        )
        return ", ".join(one for one in (words, self.work) if one)


Weights = dict[str, Weight]


def weights(plan: Any, label: str) -> list[Weights]:
    """By migration of an app, and by table that existed before: its weight."""
    return [
        _of_transaction(transaction)
        for transaction in plan["transactions"]
        if transaction["migrations"][0].startswith(f"{label}.")
    ]


def _of_transaction(transaction: Any) -> Weights:
    effects: dict[str, list[Any]] = {}
    for operation in transaction["operations"]:
        for statement in operation["statements"]:
            assert statement["error"] is None, statement
            for one in statement["tables"]:
                if not one["new"]:
                    effects.setdefault(one["table"], []).append(one)
    return {table: _weight(found, is_atomic=transaction["atomic"]) for table, found in effects.items()}


def _weight(found: list[Any], *, is_atomic: bool) -> Weight:
    """The lock of an atomic migration is held to its end; otherwise each statement stands for itself."""
    if not is_atomic and len(found) > 1:
        return max(_weight([one], is_atomic=True) for one in found)
    lock = max((LOCKS.index(one["lock"]) for one in found if one["lock"]), default=-1)
    if any(one["rewritten"] for one in found):
        work = "rewritten"
    else:
        work = "read" if any(one["scanned"] for one in found) else ""
    return Weight(is_long=bool(work) and lock >= STOPS_WRITERS, lock=lock, work=work)


def lock_table(original: list[Weights], safe: list[Weights], label: str) -> str:
    """The table as the page has it: one row for each migration, one column for each table."""
    rows = {"original": original[0]} | {f"safe form, {number}": one for number, one in enumerate(safe, 1)}
    tables = sorted({table for one in rows.values() for table in one})
    lines = ["| migration | " + " | ".join(f"`{one.replace(label, 'shop')}`" for one in tables) + " |"]
    lines.append("|---" * (len(tables) + 1) + "|")
    for name, one in rows.items():
        lines.append(f"| {name} | " + " | ".join(str(one[table]) if table in one else "" for table in tables) + " |")
    return "\n".join(lines)


def is_weaker(original: list[Weights], safe: list[Weights]) -> bool:
    """Whether nobody waits for long work in the safe form, and it is lighter, or locks fewer tables at once."""
    before, after = _heaviest(original), _heaviest(safe)
    is_heavier = any(one > before.get(table, Weight(is_long=False, lock=-1)) for table, one in after.items())
    is_long = any(one.is_long for one in after.values())
    return not is_long and not is_heavier and (before != after or _at_once(safe) < _at_once(original))


def is_alike(original: list[Weights], safe: list[Weights]) -> bool:
    """Whether the heaviest is the same in both."""
    return _heaviest(original) == _heaviest(safe)


def _heaviest(weights: list[Weights]) -> Weights:
    found: Weights = {}
    for migration in weights:
        for table, one in migration.items():
            found[table] = max(found.get(table, one), one)
    return found


def _at_once(weights: list[Weights]) -> int:
    return max(sum(one.lock >= STOPS_WRITERS for one in migration.values()) for migration in weights)
