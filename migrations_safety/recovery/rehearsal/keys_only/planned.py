"""Looks what the models and the plan say of keys, and what the plan demands of rows, before a copy is filled."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps

from migrations_safety.measurement.measurement import measure
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.own_tables import only_own_tables
from migrations_safety.plan.inspected_schema import InspectedPlan, inspect_plan
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.second_connection import role_parameters
from migrations_safety.postgresql.snapshot import snapshot
from migrations_safety.recovery.rehearsal.keys_only.filling import KeysOnlyCopy
from migrations_safety.recovery.rehearsal.keys_only.reduced_tables import Place
from migrations_safety.recovery.rehearsal.keys_only.row_properties import Properties
from migrations_safety.recovery.rehearsal.options import RehearsalOptions
from migrations_safety.recovery.rehearsal.original import Original
from migrations_safety.schema.declared_keys import declared_keys
from migrations_safety.sql.composition import address


def keys_only_copy(
    connection: Connection, original: Original, options: RehearsalOptions, *, progress: Progress
) -> KeysOnlyCopy:
    """Look what the models and the plan say of keys, and what the plan demands of rows."""
    progress.say("Looking what the migrations demand of rows …")
    measured = measure(connection, app_label=options.app_label, migration_name=options.migration_name)
    with snapshot(connection), only_own_tables(connection):
        inspected = inspect_plan(connection, plan=original.plan, target=original.target)
    return KeysOnlyCopy(
        parameters=role_parameters(connection),
        properties=Properties(
            demands=tuple(dict.fromkeys(measured.demands)),
            measured=measured,
            version=connection.pg_version // 10000,
        ),
        declared=tuple(_declared(inspected)),
        plan_unknown=None if measured.is_measured else measured.reason or "it was not measured",
        progress=progress,
    )


def _declared(inspected: InspectedPlan) -> Iterator[tuple[Place, Place | None]]:
    """Return the ends of the keys of the plan, by their names before it, and of those of all models."""
    for key in inspected.keys:
        table, parent = inspected.table(key), inspected.parent_table(key)
        if table:
            end = (parent.schema, parent.relation, key.target_column) if parent else None
            yield (table.schema, table.relation, key.column), end
    schema = inspected.target.schema
    for model in apps.get_models():
        for key in declared_keys(model):
            places = [address(name) for name in key.tables]
            child, parent_place = ((own or schema, name) for own, name in places)
            yield (*child, key.column), (*parent_place, key.target_column)
