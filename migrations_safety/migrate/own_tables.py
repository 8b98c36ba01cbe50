"""Keeps the statements of Django's migrations in one schema, although these statements name no schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.ddl_references import Statement

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.messages.refusals.tables import TableOfAnotherSchema
from migrations_safety.postgresql.catalog import found_only_elsewhere
from migrations_safety.postgresql.connection import Connection, schema_editor_with
from migrations_safety.schema.routing import kept_out
from migrations_safety.sql import statement

RECORDS = re.compile(r'\s*(INSERT INTO|DELETE FROM|UPDATE) "?(django_migrations|migrations_safety_)', re.IGNORECASE)


@contextmanager
def only_own_tables(connection: Connection) -> Iterator[None]:
    """Let Django see and change only the tables of the current schema, as if the search path had no other schema.

    Inside the block, a statement of Django for a table that only another schema of the search path has raises
    TableOfAnotherSchema.
    """
    with (
        schema_editor_with(connection, OwnTables),
        _listing_own_tables(connection),
        _recording_in_own_schema(connection),
    ):
        yield


@contextmanager
def _listing_own_tables(connection: Connection) -> Iterator[None]:
    """Let Django's introspection list only the tables of the current schema."""
    # Otherwise `--fake-initial` and `--run-syncdb` take a table of another schema for the one that they have to create.
    # Django lists the tables that the search path finds first, and the current schema is the first on this path.
    introspection = connection.introspection
    along_the_path = introspection.get_table_list

    def in_the_current_schema(cursor: Any) -> list[Any]:
        cursor.execute(statement("own_tables.own_relations"))
        own = {name for (name,) in cursor.fetchall()}
        return [table for table in along_the_path(cursor) if table.name in own]

    introspection.get_table_list = in_the_current_schema
    try:
        yield
    finally:
        del introspection.get_table_list


@contextmanager
def _recording_in_own_schema(connection: Connection) -> Iterator[None]:
    """Restore the search path before a row is written to `django_migrations` or to the record of runs."""
    # SQL of a migration may change the search path; a dump of pg_dump begins with such a setting. Otherwise work in
    # this schema would be recorded in another one.
    with connection.cursor() as cursor:
        cursor.execute(statement("own_tables.path_and_schema"))
        path, schema = cursor.fetchone()

    def each_statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if isinstance(sql, str) and RECORDS.match(sql):
            parameters = {"path": path, "schema": schema}
            connection.connection.execute(statement("own_tables.put_path_back"), parameters)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(each_statement):
        yield


class OwnTables:
    """A mixin for a schema editor, which refuses tables that only another schema of the search path has.

    Its methods raise TableOfAnotherSchema for such a table. They check the tables of models and of the models that
    these reference, but not the tables in a statement of a RunSQL.
    """

    connection: Connection
    collect_sql: bool

    def refuse_others(self, *tables: str) -> None:
        """Raise TableOfAnotherSchema for a table that only another schema of the search path has.

        Tables that database routers keep out of this database are allowed, because foreign keys reference them. With
        django-tenants these are the tables of the shared apps.
        """
        checked: set[str] = vars(self).setdefault("_checked_tables", set())
        new = [table for table in tables if table not in checked]
        if self.collect_sql or not new:
            return
        for found in found_only_elsewhere(self.connection, new):
            if found.name not in kept_out(self.connection.alias):
                raise TableOfAnotherSchema(table=found.name, other=found.schema, own=found.current)
        checked.update(new)

    def create_model(self, model: Any) -> None:
        """Create a table, after a check of the tables that its foreign keys reference."""
        keys = [found for found in model._meta.constraints if isinstance(found, ForeignKeyConstraint)]
        parents = {_parent(model._meta.get_field(key.field)) for key in keys}
        self.refuse_others(*sorted(parents - {model._meta.db_table}))
        super().create_model(model)  # type: ignore[misc]

    def add_field(self, model: Any, field: Any) -> None:
        """Add a column with its foreign key, after a check of both tables."""
        parents = [_parent(field)] if makes_its_own_key(field) else []
        self.refuse_others(model._meta.db_table, *parents)
        super().add_field(model, field)  # type: ignore[misc]

    def alter_db_table(self, model: Any, old_db_table: str, new_db_table: str) -> None:
        """Rename a table, after a check of the table."""
        self.refuse_others(old_db_table)
        super().alter_db_table(model, old_db_table, new_db_table)  # type: ignore[misc]

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Send a statement, after a check of the tables in a Statement object, as for foreign keys and indexes."""
        # Each table is checked once, because other sessions wait while foreign keys are added. A statement that is sent
        # as text may create, drop or rename any table, so all tables are checked again after it.
        if isinstance(sql, Statement):
            named = [getattr(part, "table", None) for part in sql.parts.values()]
            self.refuse_others(*dict.fromkeys(table for table in named if isinstance(table, str)))
        else:
            vars(self).pop("_checked_tables", None)
        super().execute(sql, params)  # type: ignore[misc]


def _changing(name: str) -> Callable[..., None]:
    def change(self: OwnTables, model: Any, *args: Any, **kwargs: Any) -> None:
        self.refuse_others(model._meta.db_table)
        getattr(super(OwnTables, self), name)(model, *args, **kwargs)

    change.__name__ = name
    return change


for _name in (
    "delete_model", "remove_field", "alter_field", "add_index", "remove_index", "rename_index", "add_constraint",
    "remove_constraint", "alter_unique_together", "alter_db_table_comment", "alter_db_tablespace",
):  # fmt: skip
    setattr(OwnTables, _name, _changing(_name))


def _parent(field: Any) -> str:
    return str(field.remote_field.model._meta.db_table)
