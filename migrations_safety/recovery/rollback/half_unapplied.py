"""Finds which operations of a migration that is not atomic were unapplied already, by a rollback that was killed.

Such a migration is one transaction for each operation, so a kill in between leaves it recorded and unapplied in part.
The operations that are not in the database any more are passed over when it is unapplied again.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db.migrations.operations import SeparateDatabaseAndState

from migrations_safety.plan.operation_effects import COLUMN, TABLE, Element
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.diagnosis.applied_in_part import NOT_DONE, steps_of_recorded
from migrations_safety.recovery.diagnosis.recorded_migrations import Graph


@dataclass(frozen=True, kw_only=True, slots=True)
class HalfUnapplied:
    """A migration that is recorded, and of which some operations were unapplied."""

    label: str
    passed_over: frozenset[int]
    """The numbers of these operations, from 1."""
    gone: frozenset[str]
    """The tables and columns that went with them, as findings name them."""

    def rest_of(self, migration: Any) -> Any:
        """Return the migration without the work of the operations that were unapplied."""
        rest = copy(migration)
        rest.operations = [
            SeparateDatabaseAndState(state_operations=[one]) if number in self.passed_over else one
            for number, one in enumerate(migration.operations, start=1)
        ]
        return rest


def half_unapplied(connection: Connection, labels: Iterable[str]) -> dict[str, HalfUnapplied]:
    """Return those of these migrations, which are to be unapplied in this order, that are unapplied in part."""
    graph = Graph(connection)
    last: dict[str, str] = {}
    for label in labels:
        last.setdefault(label.partition(".")[0], label)
    nodes = graph.executor.loader.graph.nodes if last else {}
    found = {}
    for app, label in last.items():
        migration = nodes[tuple(label.split(".", 1))]
        if not migration.atomic and (one := _half(connection, graph, migration, app)):
            found[label] = one
    return found


def _half(connection: Connection, graph: Graph, migration: Any, app: str) -> HalfUnapplied | None:
    steps = steps_of_recorded(connection, graph, app)
    if steps is None or steps.migration != str(migration):
        return None
    undone = frozenset(one.number for one in steps.steps if one.state == NOT_DONE and one.number)
    state = graph.executor.loader.project_state((app, migration.name), at_end=False)
    effects = graph.elements.effects(migration, state)
    gone = frozenset(_subject(each) for number in undone for each in effects[number - 1].added)
    return HalfUnapplied(label=str(migration), passed_over=undone, gone=gone - {""})


def _subject(element: Element) -> str:
    if element.kind == TABLE:
        return element.table
    return f'{element.table}."{element.name}"' if element.kind == COLUMN else ""
