"""A schema editor that sends no statement. It reports to a recorder what the operations of a migration would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.postgresql.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnChange:
    """A column that is renamed or gets another definition."""

    old: Any
    """Django's model field before the change."""
    new: Any
    """Django's model field after the change."""
    old_type: str
    """Type before the change, as Django writes it into DDL."""
    new_type: str
    """Type after the change, as Django writes it into DDL."""
    cast: bool
    """Whether Django's ALTER TABLE casts the values, so that PostgreSQL truncates a text that is too long."""


class Recorder(Protocol):
    """Receives the changes of a rollback. Tables and columns have the names that they have at that step of it."""

    def table_made(self, table: str) -> None:
        """A table is created."""

    def table_dropped(self, table: str, *, app: str) -> None:
        """A table is dropped, with its foreign keys and indexes; `app` is the label of its model's app."""

    def table_renamed(self, old: str, new: str) -> None:
        """A table is renamed."""

    def column_made(self, table: str, field: Any) -> None:
        """A column is added."""

    def column_dropped(self, table: str, field: Any, *, app: str) -> None:
        """A column is dropped, with its foreign keys and indexes; `app` is the label of its model's app."""

    def column_altered(self, table: str, change: ColumnChange, *, app: str) -> None:
        """A column is renamed, or gets another type, length, nullability or uniqueness."""

    def altered(self, table: str) -> None:
        """A table is altered in any other way."""

    def locked(self, table: str) -> None:
        """A table is locked because it is the parent of a foreign key that is added or dropped."""

    def demanded(self, table: str, what: str) -> None:
        """The existing rows of a table must fulfil a condition; `what` is the condition in words."""

    def read_through(self, table: str) -> None:
        """All rows of a table are read or rewritten, under a lock."""

    def enum_dropped(self, name: str) -> None:
        """An enum is dropped, which PostgreSQL refuses while a column still has this type."""

    def statement(self) -> None:
        """The operation runs a statement or code whose effect is unknown."""


class RecordingEditor(DatabaseSchemaEditor):
    """Django's schema editor, whose methods report to a recorder instead of sending statements."""

    # All operations, also those of other packages, call the schema editor. An earlier version read the names in each
    # CreateModel instead, and missed renamed tables and the tables of many-to-many fields. The statements of
    # `collect_sql` would have to be parsed. Some of them also name constraints that Django looks up in the catalog,
    # where everything still exists that earlier steps of the rollback would have dropped.

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        super().__init__(connection, collect_sql=True, atomic=False)
        self.deferred_sql = []
        self.recorder = recorder

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Report that an operation runs a statement, and do not send the statement."""
        self.recorder.statement()

    def create_model(self, model: Any) -> None:
        """Report a new table, and the new tables of its many-to-many fields."""
        self.recorder.table_made(_table(model))
        for field in model._meta.local_fields:
            self._lock_target(field)
        for through in _own_tables_of(model):
            self.create_model(through)

    def delete_model(self, model: Any) -> None:
        """Report a dropped table, and the dropped tables of its many-to-many fields."""
        for through in _own_tables_of(model):
            self.delete_model(through)
        for field in model._meta.local_fields:
            self._lock_target(field)
        for constraint in model._meta.constraints:
            self._lock_target_of_constraint(model, constraint)
        self.recorder.table_dropped(_table(model), app=model._meta.app_label)

    def add_field(self, model: Any, field: Any) -> None:
        """Report a new column, or the new table of a many-to-many field, or nothing for a field without either."""
        if field.many_to_many and field.remote_field.through._meta.auto_created:
            self.create_model(field.remote_field.through)
        elif field.db_parameters(connection=self.connection)["type"] is not None:
            self._lock_target(field)
            self.recorder.column_made(_table(model), field)

    def remove_field(self, model: Any, field: Any) -> None:
        """Report a dropped column, or the dropped table of a many-to-many field; nothing for a field with neither."""
        if field.many_to_many and field.remote_field.through._meta.auto_created:
            self.delete_model(field.remote_field.through)
        elif field.db_parameters(connection=self.connection)["type"] is not None:
            self._lock_target(field)
            self.recorder.column_dropped(_table(model), field, app=model._meta.app_label)

    def _alter_field(
        self,
        model: Any,
        old_field: Any,
        new_field: Any,
        old_type: str,
        new_type: str,
        old_db_params: Any,
        new_db_params: Any,
        strict: bool = False,
    ) -> None:
        if not _needs_statements(old_field, new_field, old_db_params, new_db_params):
            return
        self._lock_target(old_field)
        self._lock_target(new_field)
        if old_type != new_type:
            for table in _referencing(old_field):  # Django alters its column, and drops and adds its foreign key
                self.recorder.altered(table)
        if old_type != new_type or (old_field.null and not new_field.null) or new_field.db_index > old_field.db_index:
            self.recorder.read_through(_table(model))
        cast = bool(self._using_sql(new_field, old_field))  # type: ignore[attr-defined]
        change = ColumnChange(old=old_field, new=new_field, old_type=old_type, new_type=new_type, cast=cast)
        self.recorder.column_altered(_table(model), change, app=model._meta.app_label)

    def alter_db_table(self, model: Any, old_db_table: str, new_db_table: str) -> None:
        """Report a renamed table."""
        if old_db_table != new_db_table:
            self.recorder.table_renamed(old_db_table, new_db_table)

    def add_index(self, model: Any, index: Any, concurrently: bool = False) -> None:
        """Report an index that is built under a lock."""
        self.recorder.altered(_table(model))
        self.recorder.read_through(_table(model))

    def remove_index(self, model: Any, index: Any, concurrently: bool = False) -> None:
        """Report that the table is altered."""
        self.recorder.altered(_table(model))

    def rename_index(self, model: Any, old_index: Any, new_index: Any) -> None:
        """Report that the table is altered."""
        self.recorder.altered(_table(model))

    def add_constraint(self, model: Any, constraint: Any) -> None:
        """Report a constraint that the rows must fulfil."""
        self.remove_constraint(model, constraint)
        self.recorder.demanded(_table(model), f"the constraint {constraint.name}")

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        """Report that the table is altered, and for a foreign key that the referenced table is locked."""
        self._lock_target_of_constraint(model, constraint)
        self.recorder.altered(_table(model))

    def alter_unique_together(self, model: Any, old_unique_together: Any, new_unique_together: Any) -> None:
        """Report new combinations of fields in which the rows must be unique."""
        olds, news = ({tuple(fields) for fields in given} for given in (old_unique_together, new_unique_together))
        if olds != news:
            self.recorder.altered(_table(model))
        for fields in sorted(news - olds):
            self.recorder.demanded(_table(model), f"that ({', '.join(fields)}) is unique")

    def alter_index_together(self, model: Any, old_index_together: Any, new_index_together: Any) -> None:
        """Report indexes that are built under a lock."""
        self.recorder.altered(_table(model))
        self.recorder.read_through(_table(model))

    def alter_db_table_comment(self, model: Any, old_db_table_comment: Any, new_db_table_comment: Any) -> None:
        """Report that the table is altered."""
        self.recorder.altered(_table(model))

    def alter_db_tablespace(self, model: Any, old_db_tablespace: Any, new_db_tablespace: Any) -> None:
        """Report that the table is altered."""
        self.recorder.altered(_table(model))

    def _lock_target(self, field: Any) -> None:
        if makes_its_own_key(field):
            self.recorder.locked(_table(field.target_field.model))

    def _lock_target_of_constraint(self, model: Any, constraint: Any) -> None:
        if isinstance(constraint, ForeignKeyConstraint):
            self.recorder.locked(_table(model._meta.get_field(constraint.field).target_field.model))


def _table(model: Any) -> str:
    return str(model._meta.db_table)


def _own_tables_of(model: Any) -> list[Any]:
    throughs = [field.remote_field.through for field in model._meta.local_many_to_many]
    return [through for through in throughs if through._meta.auto_created]


def _referencing(field: Any) -> Iterator[str]:
    """Names of the tables that reference the field's column, and of tables that reference those columns in turn.

    All of these columns have the same type.
    """
    for relation in field.model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and relation.field.concrete:
            of_relation = relation.field
            if makes_its_own_key(of_relation) and of_relation.target_field.name == field.name:
                yield _table(of_relation.model)
                yield from _referencing(of_relation) if of_relation.unique else ()


def _needs_statements(old: Any, new: Any, old_params: Any, new_params: Any) -> bool:
    """Whether Django's schema editor would send a statement to change `old` to `new`.

    It sends none for another class of field whose column is the same.
    """
    if old_params != new_params or makes_its_own_key(old) or makes_its_own_key(new):
        return True
    names = ("column", "null", "unique", "primary_key", "db_index", "db_default", "db_comment")
    return any(getattr(old, name) != getattr(new, name) for name in names)
