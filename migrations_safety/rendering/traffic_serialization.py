"""Turns the figures of tables, and the locks that a plan holds on them, into the values of their JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from migrations_safety.measurement.durations import HeldLock
from migrations_safety.measurement.work import Span
from migrations_safety.postgresql.table_figures import SavedFigures, TableFigures
from migrations_safety.postgresql.target import Target

SCHEMA_VERSION = 1


def statistics(target: Target, saved: SavedFigures, *, seconds: float) -> dict[str, Any]:
    """Return the JSON of `precheck --write-statistics`."""
    return {
        "command": "precheck",
        "schema_version": SCHEMA_VERSION,
        "verdict": "not checked",
        "database": target.as_dict(),
        "statistics": saved.file,
        "tables": tables(saved.figures.values()),
        "seconds": round(seconds, 3),
    }


def tables(figures: Iterable[TableFigures]) -> list[dict[str, Any]]:
    """Return the value of `tables`: the figures of each table; what is not known is null."""
    return [asdict(one) | {"is_analyzed": one.is_analyzed} for one in figures]


def held(locks: Iterable[HeldLock]) -> list[dict[str, Any]]:
    """Return the value of `held` in a transaction: the strongest lock on each existing table, the longest first."""
    return [
        {
            "table": lock.table,
            "lock": lock.lock,
            "until_granted": lock.until_granted,
            "seconds": {"least": lock.least, "most": lock.most},
            "stops_writers": _seconds(lock.writers),
            "stops_readers": _seconds(lock.readers),
            "because": lock.because,
        }
        for lock in locks
    ]


def saved(figures: SavedFigures | None) -> dict[str, Any] | None:
    """Return the value of `statistics`: where figures of `--statistics` come from; null without that option."""
    if figures is None:
        return None
    return {
        "file": figures.file,
        "database": figures.database,
        "host": figures.host,
        "in_recovery": figures.in_recovery,
        "taken_at": figures.taken_at.isoformat(timespec="seconds"),
        "age_seconds": round(figures.age),
    }


def _seconds(span: Span | None) -> dict[str, float | None] | None:
    return asdict(span) if span else None
