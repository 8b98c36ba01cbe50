"""What other apps register in their `AppConfig.ready()`: placeholder makers and schemas to verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrations_safety.messages.refusals.backfill import NothingRegistered


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """A row made beside each placeholder, in the same statement; `values` are SQL over `placed.id`."""

    model: str
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceholderMaker:
    """How to make a parent that a reference points at but no table holds.

    `model` is the parent, `migration` the one that creates its tables. `values` maps columns to SQL over
    `orphan.value` (the id, in its own type) and `%(run_id)s`; `unresolved` is SQL that is true for a row of
    the parent that is still a placeholder. `classified` says that the ids are those of people, so that a text or uuid
    that stands for nobody (`null`, the nil UUID, a telephone number) is told apart and refused; without it every orphan
    gets its parent. `record_number_column` holds numbers that people mistake for ids.
    """

    model: str
    migration: tuple[str, str]
    values: Mapping[str, str]
    companions: tuple[Companion, ...] = ()
    unresolved: str = "false"
    classified: bool = False
    record_number_column: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaToVerify:
    """The tables of one app, the keys that other apps point at them, and its enums (name to labels)."""

    app_label: str
    enums: Mapping[str, tuple[str, ...]]


_makers: dict[str, PlaceholderMaker] = {}
_schemas: dict[str, SchemaToVerify] = {}


def register_placeholders(maker: PlaceholderMaker) -> None:
    """Let `backfill_placeholders` make parents of this model."""
    _makers[maker.model] = maker


def register_schema(schema: SchemaToVerify) -> None:
    """Let the app's schema be verified."""
    _schemas[schema.app_label] = schema


def registered_makers() -> tuple[PlaceholderMaker, ...]:
    """All registered makers, maybe none."""
    return tuple(_makers.values())


def placeholder_makers() -> tuple[PlaceholderMaker, ...]:
    """All registered makers; NothingRegistered where there is none."""
    if not _makers:
        raise NothingRegistered(what="placeholders")
    return registered_makers()


def verified_apps() -> frozenset[str]:
    """The apps that registered their schema."""
    return frozenset(_schemas)


def schema_of(app_label: str) -> SchemaToVerify:
    """The schema that an app registered; NothingRegistered where it did not."""
    if app_label not in _schemas:
        raise NothingRegistered(what=f'a schema for the app "{app_label}"')
    return _schemas[app_label]
