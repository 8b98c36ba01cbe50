"""Judges what the measurement of the plan has shown, with the rows and the traffic of the target."""

from __future__ import annotations

from collections.abc import Mapping

from migrations_safety.checks.application import check_running_release, check_statements, rollouts
from migrations_safety.checks.data import check_data, check_not_read
from migrations_safety.checks.data_report import DataChecks
from migrations_safety.checks.drops import check_drops
from migrations_safety.checks.held_locks import check_held_locks, check_hot_tables
from migrations_safety.checks.locks import check_locks_of_measured
from migrations_safety.checks.measured import check_measured, check_opaque
from migrations_safety.checks.needless import check_needless
from migrations_safety.checks.not_valid import check_not_valid
from migrations_safety.checks.ownership import check_ownership
from migrations_safety.checks.plan import check_not_judged
from migrations_safety.checks.way_back import check_way_back
from migrations_safety.measurement.durations import HeldLock, held_locks, tables_of
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.findings import Finding
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql import table_figures
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.table_figures import Counters, TableFigures
from migrations_safety.precheck.measuring import Measurements
from migrations_safety.precheck.options import PrecheckOptions, TrafficOptions
from migrations_safety.precheck.report import Data, Depth, Review


def review(
    connection: Connection,
    inspected: InspectedPlan,
    measurements: Measurements,
    *,
    options: PrecheckOptions,
    data: Data,
    counters: Counters | None,
) -> Review:
    """Judge a plan by its measurements; where there are none, say what nobody judges.

    `data` has the counts of foreign keys, which are not counted again. Without the depth COUNT no rows are read.
    `counters` are those of the tables before the measurement, for rates.
    """
    plan, measured, earlier = inspected.plan, measurements.plan, measurements.earlier
    found = [
        *check_measured(measured, version=inspected.target.server_version),
        *check_drops(connection, inspected, measured, looks_at_data=data.depth is Depth.COUNT),
        *check_running_release(plan, measured),
        *check_way_back(plan, measured),
    ]
    rollout = rollouts(plan, measured)
    if not measured.is_measured:
        found += check_not_judged(plan)
        return Review(measured=measured, earlier=earlier, rollouts=rollout, findings=tuple(found))
    rows = _rows(connection, inspected, measured, data)
    figures = _figures(connection, measured, options, counters)
    held = held_locks(measured, figures)
    found += [*rows.findings, *_of_measured(connection, inspected, measured, options.traffic, figures, held)]
    return Review(
        measured=measured,
        circumstances=measurements.circumstances,
        earlier=earlier,
        data=rows,
        figures=figures,
        held=held,
        saved=options.traffic.saved,
        rollouts=rollout,
        findings=tuple(found),
    )


def _of_measured(
    connection: Connection,
    inspected: InspectedPlan,
    measured: MeasuredPlan,
    traffic: TrafficOptions,
    figures: Mapping[str, TableFigures],
    held: tuple[tuple[HeldLock, ...], ...],
) -> list[Finding]:
    """Return the findings about locks, statements and definitions of a plan that was measured."""
    return [
        *check_statements(measured),
        *check_needless(measured),
        *check_held_locks(measured, figures, max_stall=traffic.max_stall, small=traffic.small, hot=traffic.hot),
        *check_locks_of_measured(connection, inspected, tables=_locked(held)),
        *check_not_valid(connection, inspected, measured),
        *check_ownership(connection, measured, role=inspected.target.role),
        *check_hot_tables(connection, measured, hot=traffic.hot),
        *(() if inspected.plan.backwards else check_opaque(measured)),
    ]


def _locked(held: tuple[tuple[HeldLock, ...], ...]) -> set[str]:
    """Return the tables whose writers have to wait."""
    return {lock.table for locks in held for lock in locks if lock.writers}


def _rows(connection: Connection, inspected: InspectedPlan, measured: MeasuredPlan, data: Data) -> DataChecks:
    if data.depth is not Depth.COUNT:
        found = check_not_read(measured, inspected=inspected, reason="no rows were counted")
        return DataChecks(findings=tuple(found))
    censuses = () if data.recount else data.censuses
    return check_data(connection, measured, inspected=inspected, censuses=censuses)


def _figures(
    connection: Connection, measured: MeasuredPlan, options: PrecheckOptions, counters: Counters | None
) -> dict[str, TableFigures]:
    """The figures of the existing tables that the plan touches, from `--statistics` where that was given.

    A database that was made from the migrations has none, because its tables are empty.
    """
    tables, saved = tables_of(measured), options.traffic.saved
    if saved:
        return {name: figure for name, figure in saved.figures.items() if name in tables}
    if options.embedded:
        return {}
    return table_figures.figures(connection, tables, earlier=counters)
