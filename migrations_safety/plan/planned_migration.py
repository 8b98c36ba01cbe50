"""One pending migration as a plain value: what it creates, and how many operations of which kind it has."""

from __future__ import annotations

import marshal
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    SeparateDatabaseAndState,
)
from django.db.models import ManyToManyField

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.operations import CreateEnum, ValidateForeignKey
from migrations_safety.schema.routing import runs_on

UNKNOWN = "unknown"
"""Checksum of a migration whose module has neither a file nor code."""
KINDS = ("create_enum", "create_table", "create_index", "add_foreign_key", "validate_foreign_key", "other")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMigration:
    """One pending migration."""

    app: str
    name: str
    atomic: bool
    creates: tuple[str, ...]
    """Tables that it creates, without those whose name the plan itself frees before."""
    others: tuple[str, ...]
    """Names that it gives to indexes of new tables and to renamed tables, without those that the plan frees before."""
    enums: tuple[CreateEnum, ...]
    """Enums that it creates."""
    checksum: str
    """SHA-256 of its file in hexadecimal digits, or UNKNOWN."""
    is_baseline: bool
    """It may be adopted (recorded as applied) instead of run."""

    @property
    def label(self) -> str:
        """`patients.0001_initial`."""
        return f"{self.app}.{self.name}"


def planned(migration: Any, alias: str, *, tables: Iterable[str] = (), others: Iterable[str] = ()) -> PlannedMigration:
    """A migration of Django's as a plain value; `tables` become `creates`."""
    operations = list(flat(migration.operations))
    return PlannedMigration(
        app=migration.app_label,
        name=migration.name,
        atomic=migration.atomic,
        creates=tuple(tables),
        others=tuple(others),
        enums=tuple(
            operation
            for operation in operations
            if isinstance(operation, CreateEnum) and runs_on(alias, migration.app_label, operation)
        ),
        checksum=_checksum(type(migration).__module__),
        is_baseline=hasattr(migration, "adopts"),
    )


def _checksum(module: str) -> str:
    """The SHA-256 of a module's file, or of its compiled code where there is no file."""
    # Through the module's loader: a migration may be in a zip, or be bytecode alone. A loader need have neither method,
    # and one of another project may raise anything.
    for content in (_file, _code):
        with suppress(Exception):
            return sha256(content(sys.modules[module])).hexdigest()
    return UNKNOWN


def _file(module: Any) -> bytes:
    return bytes(module.__loader__.get_data(module.__file__))


def _code(module: Any) -> bytes:
    return marshal.dumps(module.__loader__.get_code(module.__name__))


def count_operations(migrations: Iterable[Any], alias: str, *, adding: Container[int] = ()) -> dict[str, int]:
    """How many operations of each of KINDS the migrations run on the database `alias`.

    `adding` has the `id()` of each AddField and AlterField that adds a key.
    """
    counts: Counter[str] = Counter()
    for migration in migrations:
        for operation in flat(migration.operations):
            if not runs_on(alias, migration.app_label, operation):
                continue
            is_field = isinstance(operation, (AddField, AlterField)) and not operation.field.many_to_many
            counts.update({"add_foreign_key": 1} if is_field and id(operation) in adding else _kinds(operation))
    return {kind: counts[kind] for kind in KINDS}


def flat(operations: Iterable[Any]) -> Iterator[Any]:
    """The operations that change the database, also those inside a SeparateDatabaseAndState."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def _kinds(operation: Any) -> dict[str, int]:
    if isinstance(operation, CreateModel):
        return _kinds_of_model(operation)
    if isinstance(operation, CreateEnum):
        return {"create_enum": 1}
    if isinstance(operation, AddField) and isinstance(operation.field, ManyToManyField):
        return {} if operation.field.remote_field.through else {"create_table": 1}
    if isinstance(operation, AddIndex):
        return {"create_index": 1}
    if isinstance(operation, AddConstraint) and isinstance(operation.constraint, ForeignKeyConstraint):
        return {"add_foreign_key": 1}
    if isinstance(operation, ValidateForeignKey):
        return {"validate_foreign_key": 1}
    return {"other": 1}


def _kinds_of_model(operation: CreateModel) -> dict[str, int]:
    if operation.options.get("proxy") or not operation.options.get("managed", True):
        return {}
    fields: list[Any] = [field for _, field in operation.fields]
    constraints = operation.options.get("constraints", ())
    keys = [constraint for constraint in constraints if isinstance(constraint, ForeignKeyConstraint)]
    own_keys = [field for field in fields if makes_its_own_key(field)]
    own_indexes = [field for field in fields if field.db_index and not field.primary_key]
    return {
        "create_table": 1 + sum(1 for field in fields if field.many_to_many),
        "create_index": len(operation.options.get("indexes", ())) + len(own_indexes),
        "add_foreign_key": len(keys) + len(own_keys),
    }
