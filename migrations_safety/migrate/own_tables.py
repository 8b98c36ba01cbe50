"""Django's own statements name no schema: while `migrate` is at work they reach the tables of one, or are not sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.ddl_references import Statement

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.messages.refusals.tables import TableOfAnotherSchema
from migrations_safety.postgresql.catalog import found_only_elsewhere
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.routing import kept_out
from migrations_safety.sql import statement

RECORDS = re.compile(r'\s*(INSERT INTO|DELETE FROM|UPDATE) "?(django_migrations|migrations_safety_)', re.IGNORECASE)


@contextmanager
def only_own_tables(connection: Connection) -> Iterator[None]:
    """Django sees, and changes, the tables of the current schema alone, as if the search path ended there."""
    before = vars(connection).get("SchemaEditorClass")
    connection.SchemaEditorClass = type(OwnTables.__name__, (OwnTables, connection.SchemaEditorClass), {})
    try:
        with _listing_own_tables(connection), _recording_in_own_schema(connection):
            yield
    finally:
        del connection.SchemaEditorClass
        if before:
            connection.SchemaEditorClass = before


@contextmanager
def _listing_own_tables(connection: Connection) -> Iterator[None]:
    """Else `--fake-initial` and `--run-syncdb` take a table of another schema for the one that they are to make.

    What Django lists are the names that the path finds first; where the current schema has the name, that is its own.
    """
    introspection = connection.introspection
    along_the_path = introspection.get_table_list

    def in_the_current_schema(cursor: Any) -> list[Any]:
        cursor.execute(statement("own_tables.own_relations"))
        own = {name for (name,) in cursor.fetchall()}
        return [one for one in along_the_path(cursor) if one.name in own]

    introspection.get_table_list = in_the_current_schema
    try:
        yield
    finally:
        del introspection.get_table_list


@contextmanager
def _recording_in_own_schema(connection: Connection) -> Iterator[None]:
    """Where SQL of a migration has changed the search path, it is put back before anything is recorded.

    Else what was done in this schema would be recorded in another one (a dump of pg_dump begins with such a setting).
    """
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
    """A part of a schema editor: raises TableOfAnotherSchema where a statement would reach a table further along.

    What it is asked to change are models and their parents; a statement of a RunSQL finds what PostgreSQL finds.
    """

    connection: Connection
    collect_sql: bool

    def refuse_others(self, *tables: str) -> None:
        """Raise TableOfAnotherSchema for a table that only another schema of the path has.

        But for those that routers keep out of this one: keys lead to them (django-tenants: to the shared apps').
        """
        looked_at: set[str] = vars(self).setdefault("_looked_at", set())
        new = [table for table in tables if table not in looked_at]
        if self.collect_sql or not new:
            return
        for found in found_only_elsewhere(self.connection, new):
            if found.name not in kept_out(self.connection.alias):
                raise TableOfAnotherSchema(table=found.name, other=found.schema, own=found.current)
        looked_at.update(new)

    def create_model(self, model: Any) -> None:
        """The keys inside of its CREATE TABLE lead to parents that are there."""
        keys = [one for one in model._meta.constraints if isinstance(one, ForeignKeyConstraint)]
        parents = {_parent(model._meta.get_field(one.field)) for one in keys}
        self.refuse_others(*sorted(parents - {model._meta.db_table}))
        super().create_model(model)  # type: ignore[misc]

    def add_field(self, model: Any, field: Any) -> None:
        """Its key is made with it."""
        parents = [_parent(field)] if makes_its_own_key(field) else []
        self.refuse_others(model._meta.db_table, *parents)
        super().add_field(model, field)  # type: ignore[misc]

    def alter_db_table(self, model: Any, old_db_table: str, new_db_table: str) -> None:
        """By the name that it has now."""
        self.refuse_others(old_db_table)
        super().alter_db_table(model, old_db_table, new_db_table)  # type: ignore[misc]

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Statements that know their tables: keys and indexes, the deferred ones too.

        A table is looked at once: while keys are added, other sessions wait. What is sent as text may make, drop or
        rename any.
        """
        if isinstance(sql, Statement):
            named = [getattr(part, "table", None) for part in sql.parts.values()]
            self.refuse_others(*dict.fromkeys(one for one in named if isinstance(one, str)))
        else:
            vars(self).pop("_looked_at", None)
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
