"""Reads the measurements of a plan from plain values: the answer of the child process, or a report in JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migrations_safety.measurement.broken_statement import BrokenStatement
from migrations_safety.measurement.demand import read_demand
from migrations_safety.measurement.release_loss import ReleaseLoss
from migrations_safety.measurement.remade import Remade
from migrations_safety.measurement.report import (
    MeasuredOperation,
    MeasuredStatement,
    MeasuredTransaction,
    OnRows,
    TableEffect,
    WayBack,
)


def read_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a MeasuredPlan that the child process has filled.

    `answer` has the values of these fields as JSON knows them: dicts and lists in place of dataclasses and tuples.
    """
    return {
        "transactions": tuple(_transaction(one) for one in answer["transactions"]),
        "demands": tuple(read_demand(one) for one in answer["demands"]),
        "application": tuple(BrokenStatement(**one) for one in answer.get("application", ())),
        "losses": _losses(answer["losses"]),
        "remade": tuple(Remade(**one) for one in answer["remade"]),
        "error": answer["error"],
        "back": _way_back(answer["way_back"], answer["way_back_end"]) if "way_back" in answer else WayBack(),
    }


def _losses(found: list[dict[str, Any]] | None) -> tuple[ReleaseLoss, ...] | None:
    return None if found is None else tuple(ReleaseLoss(**one) for one in found)


def way_back_values(back: WayBack) -> dict[str, Any]:
    """Return the way back as plain values: its transactions, and apart from them how far it goes and what it loses."""
    values = asdict(back)
    return {"way_back": values.pop("transactions"), "way_back_end": values}


def _way_back(transactions: list[dict[str, Any]], end: dict[str, Any]) -> WayBack:
    on_rows = {
        name: tuple(OnRows(**one | {"columns": tuple(one["columns"])}) for one in end[name])
        for name in ("loses", "needs_no_rows")
    }
    return WayBack(**end | {"transactions": tuple(map(_transaction, transactions))} | on_rows)


def _transaction(found: dict[str, Any]) -> MeasuredTransaction:
    return MeasuredTransaction(
        migrations=tuple(found["migrations"]),
        atomic=found["atomic"],
        operations=tuple(_operation(one) for one in found["operations"]),
        failed=found["failed"],
    )


def _operation(found: dict[str, Any]) -> MeasuredOperation:
    statements = tuple(
        MeasuredStatement(**one | {"tables": tuple(TableEffect(**effect) for effect in one["tables"])})
        for one in found["statements"]
    )
    return MeasuredOperation(**found | {"statements": statements, "models": tuple(found["models"])})
