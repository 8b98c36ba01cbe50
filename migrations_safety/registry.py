"""What apps register in their `AppConfig.ready()`: placeholder makers and schemas to verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrations_safety.messages.refusals.backfill import NothingRegistered


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """A row that is made beside each placeholder, by the same statement."""

    model: str
    """`app_label.Model`, whose table gets the row."""
    values: Mapping[str, str]
    """SQL expressions by column; they may use `placed.id`, the id of the placeholder, and `%(run_id)s`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceholderMaker:
    """How to make the missing parents of one table."""

    model: str
    """`app_label.Model` of the parents."""
    migration: tuple[str, str]
    """App label and name of the migration that creates the parents' tables."""
    values: Mapping[str, str]
    """SQL expressions by column; they may use `orphan.value`, the id in its own type, and `%(run_id)s`."""
    companions: tuple[Companion, ...] = ()
    """Rows that are made beside each parent."""
    unresolved: str = "false"
    """SQL condition that is true for a parent that is still a placeholder."""
    classified: bool = False
    """The ids are those of people: a value that stands for nobody (`null`, the nil UUID, a telephone number) gets no
    placeholder. Without it every orphan gets one."""
    record_number_column: str | None = None
    """Column of the parents with numbers that people mistake for ids."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaToVerify:
    """The tables of one app, and the keys of other apps that reference them."""

    app_label: str
    enums: Mapping[str, tuple[str, ...]]
    """Labels of each enum of the app, by its name."""


_makers: dict[str, PlaceholderMaker] = {}
_schemas: dict[str, SchemaToVerify] = {}


def register_placeholders(maker: PlaceholderMaker) -> None:
    """Let `backfill_placeholders` make parents of this model."""
    _makers[maker.model] = maker


def register_schema(schema: SchemaToVerify) -> None:
    """Let the verification compare the app's schema."""
    _schemas[schema.app_label] = schema


def registered_makers() -> tuple[PlaceholderMaker, ...]:
    """All registered makers; empty where there is none."""
    return tuple(_makers.values())


def placeholder_makers() -> tuple[PlaceholderMaker, ...]:
    """All registered makers. Raises NothingRegistered where there is none."""
    if not _makers:
        raise NothingRegistered(what="placeholders")
    return registered_makers()


def verified_apps() -> frozenset[str]:
    """The apps that registered their schema."""
    return frozenset(_schemas)


def schema_of(app_label: str) -> SchemaToVerify:
    """The schema that an app registered. Raises NothingRegistered where it registered none."""
    if app_label not in _schemas:
        raise NothingRegistered(what=f'a schema for the app "{app_label}"')
    return _schemas[app_label]
