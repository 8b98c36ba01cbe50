"""Finds the operations of a plan that have no reverse, so that `migrate` could not unapply them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrations_safety.messages.error_place import file_of, line_of
from migrations_safety.plan import rollback_plan


@dataclass(frozen=True, kw_only=True, slots=True)
class IrreversibleOperation:
    """An operation without a reverse; `number` is its place in the migration, counted from 1."""

    migration: str
    number: int
    operation: str
    """The operation in words."""
    at: str
    """The file and line, or the migration where it has no file."""


def irreversible_operations(migrations: Iterable[Any]) -> tuple[IrreversibleOperation, ...]:
    """Return the operations without a reverse, in the order of the migrations and of their operations."""
    return tuple(
        IrreversibleOperation(
            migration=step.migration, number=step.number, operation=step.operation, at=_at(migration, step.number)
        )
        for migration in migrations
        for step in rollback_plan.irreversible([migration])
    )


def _at(migration: Any, number: int) -> str:
    file = file_of(migration)
    if file is None:
        return str(migration)
    path, here = Path(file), Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    line = line_of(file, number, len(migration.operations))
    return f"{shown}:{line}" if line else str(shown)
