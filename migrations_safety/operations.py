"""Migration operations: enums, foreign keys that are added NOT VALID, and their validation in a later transaction.

Each operation reads the catalog first and does only what is missing. So a migration that was killed half way can run
again unchanged. An existing enum or foreign key of the same name with another definition raises DefinitionDiffers.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import router, transaction
from django.db.migrations.operations import AddConstraint
from django.db.migrations.operations.base import Operation, OperationCategory

from migrations_safety.constraints import ForeignKeyConstraint
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.refusals.tables import DefinitionDiffers, KeyMissing, OrphansLeft
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema import orphans
from migrations_safety.schema.declared_keys import declared_key
from migrations_safety.schema.existing_keys import find_existing_key, partitions_without_key
from migrations_safety.sql import statement
from migrations_safety.sql.composition import fill


class CreateEnum(Operation):
    """Create a PostgreSQL enum with the given labels, in their order. The reverse operation drops the enum.

    `hints` are passed to the database routers, as in RunSQL. A type of the same name in another schema of the search
    path is ignored, and is never dropped. Raises DefinitionDiffers where the current schema has an enum of that name
    with other labels.
    """

    category = OperationCategory.ADDITION
    reversible = True

    def __init__(self, name: str, labels: list[str], hints: dict[str, Any] | None = None) -> None:
        self.name = name
        self.labels = labels
        self.hints = hints or {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Do nothing, because the fields of the models have the name of the type."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Create the enum, unless the current schema already has it with the same labels.

        Raises DefinitionDiffers where the current schema has an enum of that name with other labels.
        """
        if not router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            return
        quote = schema_editor.quote_name
        there = () if schema_editor.collect_sql else catalog.enum_labels(schema_editor.connection, self.name)
        if there and list(there) != self.labels:
            raise DefinitionDiffers(kind="enum", name=self.name, declared=self.labels, found=there)
        if not there:
            labels = ", ".join(schema_editor.quote_value(label) for label in self.labels)
            schema_editor.execute(fill("operations.create_enum", name=quote(self.name), labels=labels))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop the enum where the current schema has it. PostgreSQL refuses this while a column has this type."""
        if not router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            return
        if schema_editor.collect_sql or catalog.is_type(schema_editor.connection, self.name):
            schema_editor.execute(fill("operations.drop_enum", name=schema_editor.quote_name(self.name)))

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Create enum {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        """For the name of a generated migration."""
        return f"enum_{self.name.lower()}"


class AddForeignKeyNotValid(AddConstraint):
    """Add a ForeignKeyConstraint NOT VALID: PostgreSQL checks new rows from then on, and does not scan existing rows.

    The statement locks both tables in SHARE ROW EXCLUSIVE mode for about a millisecond, whatever their size (measured
    on PostgreSQL 15 to 18). Put a `ValidateForeignKey` for the constraint into a later migration. In the same
    transaction these locks would be held for the whole scan. The reverse operation drops the foreign key.

    Raises DefinitionDiffers where the table has a constraint of that name with another definition.
    """

    constraint: ForeignKeyConstraint

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Add the foreign key NOT VALID, unless it exists as declared, whether validated or not.

        Raises DefinitionDiffers where the table has a constraint of that name with another definition.
        """
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        if partitions := partitions_without_key(schema_editor.connection, model, self.constraint):
            for part in partitions:
                if part.validated is None:
                    add = self.constraint.create_not_valid_sql(model, schema_editor, partition=part.name)
                    schema_editor.execute(add, params=None)
        elif schema_editor.collect_sql or not find_existing_key(schema_editor.connection, model, self.constraint):
            schema_editor.execute(self.constraint.create_not_valid_sql(model, schema_editor), params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop the foreign key where it exists as declared.

        Raises DefinitionDiffers where the table has a constraint of that name with another definition.
        """
        model = to_state.apps.get_model(app_label, self.model_name)
        from_model = from_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        for part in partitions_without_key(schema_editor.connection, from_model, self.constraint):
            if part.validated is not None:
                remove = self.constraint.remove_sql(from_model, schema_editor, partition=part.name)
                schema_editor.execute(remove, params=None)
        if schema_editor.collect_sql or find_existing_key(schema_editor.connection, from_model, self.constraint):
            schema_editor.execute(self.constraint.remove_sql(from_model, schema_editor), params=None)

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Add foreign key {self.constraint.name} on {self.model_name}, not valid yet"

    @property
    def migration_name_fragment(self) -> str:
        """For the name of a generated migration."""
        return f"{self.model_name.lower()}_{self.constraint.name.lower()}_not_valid"


class ValidateForeignKey(Operation):
    """Count the orphans of a foreign key that was added NOT VALID, and validate the foreign key if there are none.

    The count comes first because a failed VALIDATE writes the orphan's identifier into the server's log. Reads and
    writes go on during the validation, which locks the table in SHARE UPDATE EXCLUSIVE and the parent in ROW SHARE
    mode. The reverse operation does nothing. `name` is the name of the ForeignKeyConstraint.

    Raises OrphansLeft where the foreign key has orphans; the foreign key then stays NOT VALID. Raises KeyMissing where
    the foreign key does not exist, and DefinitionDiffers where it exists with another definition.
    """

    category = OperationCategory.ALTERATION
    reversible = True
    serialization_expand_args: ClassVar[list[str]] = []

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Do nothing, because the state does not hold whether a foreign key is validated."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Count the orphans and validate the foreign key. Do nothing where the foreign key is already validated.

        Raises OrphansLeft where the foreign key has orphans, KeyMissing where it does not exist, and DefinitionDiffers
        where it exists with another definition.
        """
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        constraint = next(found for found in model._meta.constraints if found.name == self.name)
        if partitions := partitions_without_key(schema_editor.connection, model, constraint):
            self._validate_partitions(model, constraint, partitions, schema_editor)
            return
        if not schema_editor.collect_sql:
            there = find_existing_key(schema_editor.connection, model, constraint)
            if there is None:
                raise KeyMissing(constraint=self.name, table=model._meta.db_table)
            if there.validated:
                return
            _refuse_orphans(schema_editor.connection, model, constraint)
        schema_editor.execute(constraint.validate_sql(model, schema_editor), params=None)

    def _validate_partitions(self, model: Any, constraint: Any, partitions: Any, schema_editor: Any) -> None:
        """Validate the foreign key of each partition, then add the foreign key of the partitioned table.

        PostgreSQL attaches those of the partitions to the new foreign key and scans no rows.
        """
        if not schema_editor.collect_sql:
            _refuse_orphans(schema_editor.connection, model, constraint)
        for part in partitions:
            if part.validated is None:  # a partition that was attached after the others got their keys
                add = constraint.create_not_valid_sql(model, schema_editor, partition=part.name)
                schema_editor.execute(add, params=None)
            if not part.validated:
                schema_editor.execute(constraint.validate_sql(model, schema_editor, partition=part.name), params=None)
        schema_editor.execute(constraint.create_sql(model, schema_editor), params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Do nothing, because the foreign key may stay validated."""

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Validate foreign key {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        """For the name of a generated migration."""
        return f"validate_{self.name.lower()}"


def _refuse_orphans(connection: Connection, model: Any, constraint: Any) -> None:
    key = declared_key(model, constraint)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(statement("statement_limits.lift_timeouts"))  # the count takes as long as VALIDATE CONSTRAINT
        counted = orphans.count_orphans(connection, key)
    if counted.rows:
        figures = {"values": pluralize(counted.values, "value"), "rows": pluralize(counted.rows, "row")}
        raise OrphansLeft(table=key.table, column=key.column, target=key.target_table, **figures)
