"""What apps register in `AppConfig.ready()`: how to create placeholder rows, and which tables and enums to verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrations_safety.messages.refusals.backfill import NothingRegistered


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """A row in a second table that is inserted together with each placeholder, by the same statement."""

    model: str
    """The model whose table gets the row, as `app_label.Model`."""
    values: Mapping[str, str]
    """The SQL expression for each column, by the name of the column. An expression may use `placed.id`, the id of the
    placeholder, and `%(run_id)s`, the id of the run as an SQL literal."""
    untouched: str = "false"
    """An SQL condition that is true for such a row as it was created, so that a rollback may drop it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceholderMaker:
    """How to create the missing parent rows (placeholders) of one table."""

    model: str
    """The model of the parents, as `app_label.Model`."""
    migration: tuple[str, str]
    """App label and name of the migration that creates the table of the parents."""
    values: Mapping[str, str]
    """The SQL expression for each column, by the name of the column. An expression may use `orphan.value`, the missing
    id in its own type, and `%(run_id)s`, the id of the run as an SQL literal."""
    companions: tuple[Companion, ...] = ()
    """Rows in other tables that are inserted together with each placeholder."""
    unresolved: str = "false"
    """An SQL condition that is true for a parent which is still a placeholder."""
    untouched: str = "false"
    """An SQL condition that is true for a placeholder that nobody has changed or referenced since it was created, so
    that a rollback may drop it."""
    run_column: str | None = None
    """The column of the parents with the id of the run that created a placeholder; None where there is none. With it, a
    rollback drops only placeholders whose run is in the record of runs."""
    classified: bool = False
    """Whether the ids are those of people. Then a value that stands for no person (`null`, the nil UUID, a telephone
    number) gets no placeholder. With False every orphan gets a placeholder."""
    record_number_column: str | None = None
    """The name of a column of the parents with numbers that people mistake for ids; None where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaToVerify:
    """An app whose tables `verify_schema` compares with the database, and the enums of this app."""

    app_label: str
    enums: Mapping[str, tuple[str, ...]]
    """The labels of each enum of the app, in their order, by the name of the enum."""
    command: str = ""
    """The app's own command that verifies it, which reports name; empty where only `verify_schema` does."""
    rollback: str = ""
    """The app's own command that unapplies all its migrations and those that depend on them, which `diagnose` names;
    empty where only `rollback_migrations` does."""


_makers: dict[str, PlaceholderMaker] = {}
_schemas: dict[str, SchemaToVerify] = {}


def register_placeholders(maker: PlaceholderMaker) -> None:
    """Let `backfill_placeholders` create missing parents of `maker.model`. A second call replaces the first one."""
    _makers[maker.model] = maker


def register_schema(schema: SchemaToVerify) -> None:
    """Let the schema verification compare the tables and enums of `schema.app_label` with the database."""
    _schemas[schema.app_label] = schema


def registered_makers() -> tuple[PlaceholderMaker, ...]:
    """All registered placeholder makers; an empty tuple where no app has registered one."""
    return tuple(_makers.values())


def placeholder_makers() -> tuple[PlaceholderMaker, ...]:
    """All registered placeholder makers. Raises NothingRegistered where no app has registered one."""
    if not _makers:
        raise NothingRegistered(what="placeholders")
    return registered_makers()


def verified_apps() -> frozenset[str]:
    """The labels of the apps that have registered a schema to verify."""
    return frozenset(_schemas)


def verifying_commands() -> dict[str, str]:
    """The commands that verify a registered schema of their own, by the label of its app."""
    return {label: schema.command for label, schema in _schemas.items() if schema.command}


def rollback_commands() -> dict[str, str]:
    """The commands that unapply all migrations of an app, by its label, where the app has one of its own."""
    return {label: schema.rollback for label, schema in _schemas.items() if schema.rollback}


def schema_of(app_label: str) -> SchemaToVerify:
    """The schema to verify that the app has registered. Raises NothingRegistered where the app has registered none."""
    if app_label not in _schemas:
        raise NothingRegistered(what=f'a schema for the app "{app_label}"')
    return _schemas[app_label]
