"""The tables in which placeholders are created, and all foreign keys that reference these tables."""

from __future__ import annotations

from django.apps import apps

from migrations_safety.backfill.nullification import names_rows
from migrations_safety.checks.coordinator import check_coordinator
from migrations_safety.checks.types import check_types
from migrations_safety.messages.refusals.backfill import NotNullable, RowsWithoutName, UnknownReference
from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.messages.refusals.plan import TablesSpread, TypesDiffer
from migrations_safety.plan import migration_plan
from migrations_safety.plan.inspected_schema import InspectedSchema, inspect_schema
from migrations_safety.plan.row_security import refuse_hidden_rows
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.target import Target
from migrations_safety.registry import PlaceholderMaker, placeholder_makers
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import models_on


def makers_on(connection: Connection) -> list[PlaceholderMaker]:
    """The registered placeholder makers whose model belongs to this database, as the database routers say.

    Raises CouldNotLook where there is none, and NothingRegistered where no app has registered any.
    """
    here = {model._meta.label for model in models_on(connection.alias)}
    makers = [maker for maker in placeholder_makers() if apps.get_model(maker.model)._meta.label in here]
    if not makers:
        problem = f'No table that placeholders are made in belongs to the database alias "{connection.alias}".'
        raise CouldNotLook(problem, hint="Name another one with --database, or look at DATABASE_ROUTERS.")
    return makers


def table_of(maker: PlaceholderMaker) -> str:
    """The name of the table in which the placeholders of this maker are created."""
    return str(apps.get_model(maker.model)._meta.db_table)


def inspect_references(connection: Connection, target: Target, *, nullify: tuple[str, ...] = ()) -> InspectedSchema:
    """Read the catalog for all foreign keys to tables in which placeholders are created; change nothing.

    Raises RowsHidden where row-level security hides rows, TypesDiffer where PostgreSQL cannot compare the two columns
    of a foreign key, and TablesSpread where Citus keeps one of the tables on several nodes. For a table in `nullify` it
    raises UnknownReference where the table has no such foreign key, NotNullable where the column is NOT NULL, and
    RowsWithoutName where its rows have no unique primary key. It also raises the errors of `inspect_schema` and
    `makers_on`.
    """
    declared = [key for maker in makers_on(connection) for key in _keys_to(maker, connection.alias)]
    keys = migration_plan.by_names_in_database(connection, declared)
    inspected = inspect_schema(connection, keys=keys, target=target)
    refuse_hidden_rows(connection, inspected)
    for table in nullify:
        _refuse_nullify(inspected, table)
    if mismatches := [finding for finding in check_types(connection, inspected) if finding.id == "types.E001"]:
        raise TypesDiffer(mismatches)
    if spread := [finding for finding in check_coordinator(connection, inspected) if finding.id == "target.E012"]:
        raise TablesSpread(spread)
    return inspected


def _keys_to(maker: PlaceholderMaker, alias: str) -> list[DeclaredKey]:
    """All foreign keys to the table of this maker that the models of the database `alias` declare."""
    parent = table_of(maker)
    return [key for model in models_on(alias) for key in declared_keys(model) if key.target_table == parent]


def _refuse_nullify(inspected: InspectedSchema, table: str) -> None:
    columns = [(key, inspected.referencing(key)) for key in inspected.references()]
    if table not in {key.table for key, _ in columns}:
        nullable = {key.table for key, column in columns if column and column.nullable}
        raise UnknownReference(table=table, known=sorted(nullable))
    for key, column in columns:
        if key.table == table and column and not column.nullable:
            raise NotNullable(table=table, column=column.name)
        if key.table == table and not names_rows(inspected, key):
            raise RowsWithoutName(table=table)
