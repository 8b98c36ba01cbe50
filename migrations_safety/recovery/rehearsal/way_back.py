"""Finds the migrations that a rollback of a plan goes back to."""

from __future__ import annotations

from typing import Any

from migrations_safety.plan.migration_plan import Plan


def targets_before(executor: Any, plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return for each app of the plan where it stood before (`zero` for an app that was not there).

    The app whose migrations come last goes back first. An adopted baseline stays.
    """
    graph = executor.loader.graph
    stays = set(executor.loader.applied_migrations) | {(one.app, one.name) for one in plan.adopted}
    apps = dict.fromkeys(one.app for one in reversed(plan.migrations))
    return tuple((app, name) for app in apps for name in _leaves(graph, stays, app))


def _leaves(graph: Any, stays: set[tuple[str, str]], app: str) -> list[str]:
    """Return the last migrations of the app that stay."""
    there = {key for key in graph.nodes if key[0] == app and key in stays}
    followed = {parent.key for key in there for parent in graph.node_map[key].parents}
    return sorted(name for _, name in there - followed) or ["zero"]
