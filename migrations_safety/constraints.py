"""Constraints and indexes that Django cannot declare: foreign keys with ON DELETE rules, indexes with long names."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.core import checks
from django.db import models
from django.db.backends.ddl_references import Statement, Table

RULES = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT")


def makes_its_own_key(field: Any) -> bool:
    """Whether Django itself creates a foreign-key constraint for this field: a ForeignKey with `db_constraint=True`."""
    return isinstance(field, models.ForeignKey) and bool(getattr(field, "db_constraint", False))


def keys_are_declared(apps: Any) -> bool:
    """Whether any model in this app registry (Django's `apps`) declares a ForeignKeyConstraint."""
    every = (one for model in apps.get_models(include_auto_created=True) for one in model._meta.constraints)
    return any(isinstance(one, ForeignKeyConstraint) for one in every)


class ForeignKeyConstraint(models.BaseConstraint):
    """A foreign-key constraint in the database, for a `ForeignKey(..., db_constraint=False, db_index=False)`.

    `field` is the name of this ForeignKey of the model, whose target the constraint references. `on_delete` and
    `on_update` are PostgreSQL's rules: NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT. `on_update` is CASCADE by
    default, as in the foreign keys that Prisma writes. The constraint is never deferrable.

    Raises ValueError for an unknown rule.
    """

    def __init__(self, *, field: str, name: str, on_delete: str, on_update: str = "CASCADE", **kwargs: Any) -> None:
        for rule in (on_delete, on_update):
            if rule not in RULES:
                raise ValueError(f"{rule!r} is no rule of a foreign key; use one of {', '.join(RULES)}.")
        super().__init__(name=name, **kwargs)
        self.field = field
        self.on_delete = on_delete
        self.on_update = on_update

    def deconstruct(self) -> Any:
        """Return the path of the class and the constructor's arguments, which the migration writer needs."""
        path, args, kwargs = super().deconstruct()
        kwargs |= {"field": self.field, "on_delete": self.on_delete}
        if self.on_update != "CASCADE":
            kwargs["on_update"] = self.on_update
        return path, args, kwargs

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ForeignKeyConstraint):
            return bool(self.deconstruct() == other.deconstruct())
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.field, self.on_delete, self.on_update))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: field={self.field!r} name={self.name!r} on_delete={self.on_delete!r}>"

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Return the SQL of the constraint as it appears inside CREATE TABLE."""
        quote = schema_editor.quote_name
        field = model._meta.get_field(self.field)
        target = field.target_field
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({quote(field.column)}) "
            f"REFERENCES {quote(target.model._meta.db_table)} ({quote(target.column)}) "
            f"ON DELETE {self.on_delete} ON UPDATE {self.on_update}"
        )

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the ALTER TABLE statement that adds the foreign key and checks all existing rows.

        On a table with many rows this holds the lock for the whole scan, so it is only suitable for a new table.
        """
        return self._alter_table(model, schema_editor, f"ADD {self.constraint_sql(model, schema_editor)}")

    def create_not_valid_sql(self, model: Any, schema_editor: Any, *, partition: str | None = None) -> Statement:
        """Return the ALTER TABLE statement that adds the foreign key NOT VALID, so that it applies to new rows only.

        `partition` is the quoted name of a partition that gets the foreign key; None stands for the whole table.
        """
        key = self.constraint_sql(model, schema_editor)
        return self._alter_table(model, schema_editor, f"ADD {key} NOT VALID", partition)

    def validate_sql(self, model: Any, schema_editor: Any, *, partition: str | None = None) -> Statement:
        """Return the ALTER TABLE statement that validates the foreign key for the rows that existed before.

        `partition` is the quoted name of a partition; None stands for the whole table. See `ValidateForeignKey`.
        """
        name = schema_editor.quote_name(self.name)
        return self._alter_table(model, schema_editor, f"VALIDATE CONSTRAINT {name}", partition)

    def remove_sql(self, model: Any, schema_editor: Any, *, partition: str | None = None) -> Any:
        """Return the ALTER TABLE statement that drops the foreign key.

        `partition` is the quoted name of a partition; None stands for the whole table.
        """
        name = schema_editor.quote_name(self.name)
        return self._alter_table(model, schema_editor, f"DROP CONSTRAINT {name}", partition)

    def _alter_table(self, model: Any, schema_editor: Any, action: str, partition: str | None = None) -> Statement:
        """Return a Statement that holds both tables as objects, as Django's own statements for foreign keys do."""
        quote = schema_editor.quote_name
        table = partition or Table(model._meta.db_table, quote)
        target = Table(model._meta.get_field(self.field).remote_field.model._meta.db_table, quote)
        return Statement("ALTER TABLE %(table)s %(action)s", table=table, action=action, to_table=target)

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "default") -> None:
        """Do nothing, because the ForeignKey field itself looks up the parent when a model is cleaned."""

    def check(self, model: Any, connection: Any) -> list[checks.CheckMessage]:
        """Return the system-check messages for this constraint. Django 6.0 calls `check`, older versions `_check`.

        An error says that `field` is no ForeignKey of the model, or that Django creates a second constraint for it.
        """
        field: Any = next((field for field in model._meta.get_fields() if field.name == self.field), None)
        if not isinstance(field, models.ForeignKey):
            problem = f"{self.name}: {self.field!r} is not a ForeignKey of {model._meta.label}."
            return [checks.Error(problem, obj=model, id="migrations_safety.E001")]
        if makes_its_own_key(field):
            problem = f"{self.name}: the field {self.field!r} makes a second key of its own."
            hint = f"Declare it with db_constraint=False: {self.name} is its key."
            return [checks.Error(problem, hint=hint, obj=model, id="migrations_safety.E002")]
        return []

    _check = check


class NamedIndex(models.Index):
    """An index whose name may have up to 63 bytes, as in PostgreSQL. Django itself allows 30 characters."""

    max_name_length = 63


class UniqueIndex(NamedIndex):
    """An index that CREATE UNIQUE INDEX makes. `UniqueConstraint(fields=…)` would make a constraint instead."""

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Statement:
        """Return Django's CREATE INDEX statement with UNIQUE added, and with CONCURRENTLY for `concurrently=True`."""
        concurrently = kwargs.pop("concurrently", False)
        sql = schema_editor.sql_create_index_concurrently if concurrently else schema_editor.sql_create_index
        return super().create_sql(model, schema_editor, using=using, sql=_unique(sql), **kwargs)


def _unique(template: Any) -> Any:
    """The template of CREATE INDEX with UNIQUE added.

    Another database engine may have a list of templates, or an object with the text in its attribute `sql`.
    """
    if isinstance(template, str):
        return template.replace("CREATE INDEX", "CREATE UNIQUE INDEX", 1)
    if isinstance(template, list):
        return type(template)(map(_unique, template))
    changed = copy(template)
    changed.sql = _unique(template.sql)
    return changed
