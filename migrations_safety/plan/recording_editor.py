"""A schema editor that changes nothing: it tells a recorder what the operations of a migration would change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.postgresql.connection import Connection


class Recorder(Protocol):
    """Who is told; tables and columns go by the names that they have at that moment of the plan."""

    def table_made(self, table: str) -> None:
        """A table is made."""

    def table_dropped(self, table: str, *, app: str) -> None:
        """A table is dropped, with all that hangs on it."""

    def table_renamed(self, old: str, new: str) -> None:
        """A table gets another name."""

    def column_made(self, table: str, field: Any) -> None:
        """A column is added."""

    def column_dropped(self, table: str, field: Any, *, app: str) -> None:
        """A column is dropped, with all that hangs on it."""

    def column_altered(self, table: str, old: Any, new: Any, *, app: str, types: tuple[str, str], cast: bool) -> None:
        """A column is renamed or gets another type, length, nullability or uniqueness; `cast` cuts what is too long."""

    def altered(self, table: str) -> None:
        """Anything else of a table is changed."""

    def locked(self, table: str) -> None:
        """A table is locked because a key leads to it."""

    def demanded(self, table: str, what: str) -> None:
        """Rows that are there will have to fulfil something."""

    def read_through(self, table: str) -> None:
        """All rows of a table are read, or written anew, under a lock."""

    def enum_dropped(self, name: str) -> None:
        """An enum is dropped, which no column may have any more."""

    def statement(self) -> None:
        """A statement of the operation's own is run, of which nothing is known."""


class RecordingEditor(DatabaseSchemaEditor):
    """Django's editor down to the methods that would send statements."""

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        super().__init__(connection, collect_sql=True, atomic=False)
        self.deferred_sql = []
        self.recorder = recorder

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Nothing is sent."""
        self.recorder.statement()

    def create_model(self, model: Any) -> None:
        """A table, and those of its many-to-many fields."""
        self.recorder.table_made(_table(model))
        for field in model._meta.local_fields:
            self._lock_target(field)
        for through in _own_tables_of(model):
            self.create_model(through)

    def delete_model(self, model: Any) -> None:
        """The same, dropped."""
        for through in _own_tables_of(model):
            self.delete_model(through)
        for field in model._meta.local_fields:
            self._lock_target(field)
        for constraint in model._meta.constraints:
            self._lock_target_of_constraint(model, constraint)
        self.recorder.table_dropped(_table(model), app=model._meta.app_label)

    def add_field(self, model: Any, field: Any) -> None:
        """A column, or the table of a many-to-many field, or nothing."""
        if field.many_to_many and field.remote_field.through._meta.auto_created:
            self.create_model(field.remote_field.through)
        elif field.db_parameters(connection=self.connection)["type"] is not None:
            self._lock_target(field)
            self.recorder.column_made(_table(model), field)

    def remove_field(self, model: Any, field: Any) -> None:
        """The same, dropped."""
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
            for table in _referencing(old_field):  # their keys are dropped and made again, their columns altered
                self.recorder.altered(table)
        if old_type != new_type or (old_field.null and not new_field.null) or new_field.db_index > old_field.db_index:
            self.recorder.read_through(_table(model))
        cast = bool(self._using_sql(new_field, old_field))  # type: ignore[attr-defined]
        how: dict[str, Any] = {"app": model._meta.app_label, "types": (old_type, new_type), "cast": cast}
        self.recorder.column_altered(_table(model), old_field, new_field, **how)

    def alter_db_table(self, model: Any, old_db_table: str, new_db_table: str) -> None:
        """Its name."""
        if old_db_table != new_db_table:
            self.recorder.table_renamed(old_db_table, new_db_table)

    def add_index(self, model: Any, index: Any, concurrently: bool = False) -> None:
        """It is built under a lock."""
        self.recorder.altered(_table(model))
        self.recorder.read_through(_table(model))

    def remove_index(self, model: Any, index: Any, concurrently: bool = False) -> None:
        """A lock."""
        self.recorder.altered(_table(model))

    def rename_index(self, model: Any, old_index: Any, new_index: Any) -> None:
        """A lock."""
        self.recorder.altered(_table(model))

    def add_constraint(self, model: Any, constraint: Any) -> None:
        """Rows must fulfil it."""
        self.remove_constraint(model, constraint)
        self.recorder.demanded(_table(model), f"the constraint {constraint.name}")

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        """A key locks its target too."""
        self._lock_target_of_constraint(model, constraint)
        self.recorder.altered(_table(model))

    def alter_unique_together(self, model: Any, old_unique_together: Any, new_unique_together: Any) -> None:
        """Rows must be unique in what is new."""
        olds, news = ({tuple(fields) for fields in given} for given in (old_unique_together, new_unique_together))
        if olds != news:
            self.recorder.altered(_table(model))
        for fields in sorted(news - olds):
            self.recorder.demanded(_table(model), f"that ({', '.join(fields)}) is unique")

    def alter_index_together(self, model: Any, old_index_together: Any, new_index_together: Any) -> None:
        """Indexes are built under a lock."""
        self.recorder.altered(_table(model))
        self.recorder.read_through(_table(model))

    def alter_db_table_comment(self, model: Any, old_db_table_comment: Any, new_db_table_comment: Any) -> None:
        """A lock."""
        self.recorder.altered(_table(model))

    def alter_db_tablespace(self, model: Any, old_db_tablespace: Any, new_db_tablespace: Any) -> None:
        """A lock."""
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
    """The tables that have a key to a column, and those that have one to theirs where it is the same value."""
    for relation in field.model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and relation.field.concrete:
            of_relation = relation.field
            if makes_its_own_key(of_relation) and of_relation.target_field.name == field.name:
                yield _table(of_relation.model)
                yield from _referencing(of_relation) if of_relation.unique else ()


def _needs_statements(old: Any, new: Any, old_params: Any, new_params: Any) -> bool:
    """Whether Django's editor would send anything; the same column under another kind of field needs nothing."""
    if old_params != new_params or makes_its_own_key(old) or makes_its_own_key(new):
        return True
    names = ("column", "null", "unique", "primary_key", "db_index", "db_default", "db_comment")
    return any(getattr(old, name) != getattr(new, name) for name in names)
