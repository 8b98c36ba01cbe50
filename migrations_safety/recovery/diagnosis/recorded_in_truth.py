"""Finds what recorded migrations make and the database does not have."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from migrations_safety.plan import operation_effects as kinds
from migrations_safety.plan.applied_schema import AppliedSchema
from migrations_safety.plan.operation_effects import Element
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.diagnosis.applied_in_part import steps_of_recorded
from migrations_safety.recovery.diagnosis.database_objects import read_objects
from migrations_safety.recovery.diagnosis.recorded_migrations import Graph
from migrations_safety.recovery.diagnosis.report import StepsOfMigration

LOOKED_FOR = (kinds.TABLE, kinds.COLUMN, kinds.NAMED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """What is missing, and the recorded migrations of which steps are undone."""

    elements: tuple[tuple[str, Element], ...] = ()
    """Each missing element with the label of its app."""
    halves: tuple[StepsOfMigration, ...] = ()


def missing(connection: Connection, graph: Graph, *, removed: frozenset[Element]) -> Missing:
    """Return the tables, columns, indexes and constraints of the recorded migrations that do not exist.

    `removed` are those that pending migrations have removed which are applied in part. Tables that are older than their
    migrations, or that code of migrations may have changed, are left out.
    """
    state, elements, by_app = graph.recorded_state(), graph.elements, defaultdict(set)
    for app in {name[0] for name in state.models} & graph.executor.loader.migrated_apps:
        by_app[app] = {one for one in elements.of(state, app) - removed if one.kind in LOOKED_FOR}
    there = read_objects(connection, [one for them in by_app.values() for one in them])
    lost = {
        app: {one for one in them if not there.has(one) and not there.is_broken(one)} for app, them in by_app.items()
    }
    if not any(lost.values()):
        return Missing()
    others = AppliedSchema(graph.executor, state.apps).tables_of_others
    left = [(app, one) for app, them in sorted(lost.items()) for one in sorted(them) if one.table not in others]
    gone = {one.table for _, one in left if one.kind == kinds.TABLE}
    told = tuple((app, one) for app, one in left if one.kind == kinds.TABLE or one.table not in gone)
    halves = [steps_of_recorded(connection, graph, app) for app in dict.fromkeys(app for app, _ in told)]
    return Missing(elements=told, halves=tuple(one for one in halves if one))
