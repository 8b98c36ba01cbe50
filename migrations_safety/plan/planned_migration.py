"""One pending migration as a plain value, and the number of operations of each kind in several migrations."""

from __future__ import annotations

import marshal
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
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

from migrations_safety.acceptances import AcceptedFinding, accepted_by
from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.messages.error_place import file_of
from migrations_safety.operations import CreateEnum, ValidateForeignKey
from migrations_safety.schema.routing import runs_on

UNKNOWN = "unknown"
"""The checksum of a migration where neither the file nor the compiled code of its module can be read."""
KINDS = ("create_enum", "create_table", "create_index", "add_foreign_key", "validate_foreign_key", "other")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMigration:
    """One pending migration."""

    app: str
    name: str
    atomic: bool
    creates: tuple[str, ...]
    """Names of the tables that the migration creates, without names that an earlier operation of the plan frees."""
    others: tuple[str, ...]
    """Names that the migration gives to indexes of new tables and to renamed tables, without names that an earlier
    operation of the plan frees."""
    enums: tuple[CreateEnum, ...]
    """The operations that create the enums of the migration."""
    checksum: str
    """The SHA-256 of the migration's file in hexadecimal digits, or UNKNOWN."""
    is_baseline: bool
    """Whether the migration describes existing tables, so that `migrate` records it as applied where they exist."""
    accepts: tuple[AcceptedFinding, ...] = ()
    """The findings that the migration accepts."""
    file: str | None = None
    """The path of the migration's file; None where it was made in memory."""
    operations: dict[str, int] = field(default_factory=dict)
    """The number of its operations of each of KINDS; empty for a migration that does not run."""
    follows: str | None = None
    """The name of the migration of the same app that comes before it; None for the first one of its app."""

    @property
    def label(self) -> str:
        """The app and the name with a dot between them, such as `patients.0001_initial`."""
        return f"{self.app}.{self.name}"


def planned(
    migration: Any,
    alias: str,
    *,
    tables: Iterable[str] = (),
    others: Iterable[str] = (),
    counts: dict[str, int] | None = None,
) -> PlannedMigration:
    """A Migration object of Django as a plain value, for the database `alias`.

    `tables` are the names for `PlannedMigration.creates`, `others` those for `PlannedMigration.others`, and `counts`
    those for `PlannedMigration.operations`.
    """
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
        accepts=accepted_by(migration),
        file=file_of(migration),
        operations=counts or {},
        follows=next((name for app, name in migration.dependencies if app == migration.app_label), None),
    )


def _checksum(module: str) -> str:
    """The SHA-256 of a module's file in hexadecimal digits, or of its compiled code where there is no file."""
    # The module's loader reads the file, because a migration may be in a zip or exist as bytecode alone. A loader need
    # not have these methods, and a loader of another project may raise any error.
    for content in (_file, _code):
        with suppress(Exception):
            return sha256(content(sys.modules[module])).hexdigest()
    return UNKNOWN


def _file(module: Any) -> bytes:
    return bytes(module.__loader__.get_data(module.__file__))


def _code(module: Any) -> bytes:
    return marshal.dumps(module.__loader__.get_code(module.__name__))


def count_operations(migrations: Iterable[Any], alias: str, *, adding: Container[int] = ()) -> dict[str, int]:
    """The number of operations of each of KINDS that the migrations run on the database `alias`.

    `adding` has the `id()` of each AddField and AlterField operation that adds a foreign key.
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
    """The operations that change the database. The database operations of a SeparateDatabaseAndState replace it."""
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
        "create_table": 1 + sum(1 for field in fields if field.many_to_many and not field.remote_field.through),
        "create_index": len(operation.options.get("indexes", ())) + len(own_indexes),
        "add_foreign_key": len(keys) + len(own_keys),
    }
