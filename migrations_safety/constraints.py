"""Rules of the database that Django has no words for: foreign keys with their own rule, long-named indexes."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.core import checks
from django.db import models
from django.db.backends.ddl_references import Statement, Table

RULES = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT")


def makes_its_own_key(field: Any) -> bool:
    """True for a ForeignKey that Django makes a key of its own for (`db_constraint=True`)."""
    return isinstance(field, models.ForeignKey) and bool(getattr(field, "db_constraint", False))


def keys_are_declared(apps: Any) -> bool:
    """Whether any model declares a ForeignKeyConstraint."""
    every = (one for model in apps.get_models(include_auto_created=True) for one in model._meta.constraints)
    return any(isinstance(one, ForeignKeyConstraint) for one in every)


class ForeignKeyConstraint(models.BaseConstraint):
    """A foreign key of the database, declared beside a `ForeignKey(..., db_constraint=False, db_index=False)`.

    `field` names the ForeignKey of the model; the target is what that field points at. `on_delete` and
    `on_update` are PostgreSQL's rules (NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT); `on_update` is
    CASCADE unless said otherwise, as Prisma writes its keys. The key is never deferrable.

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
        """The constructor's arguments, for migrations."""
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
        """The key as it stands inside CREATE TABLE."""
        quote = schema_editor.quote_name
        field = model._meta.get_field(self.field)
        target = field.target_field
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({quote(field.column)}) "
            f"REFERENCES {quote(target.model._meta.db_table)} ({quote(target.column)}) "
            f"ON DELETE {self.on_delete} ON UPDATE {self.on_update}"
        )

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """ALTER TABLE that adds the key validated: right for a new table, a long lock on one that holds rows."""
        return self._alter_table(model, schema_editor, f"ADD {self.constraint_sql(model, schema_editor)}")

    def create_not_valid_sql(self, model: Any, schema_editor: Any, *, partition: str | None = None) -> Statement:
        """ALTER TABLE that adds the key for new rows only, to one partition where one is given (quoted)."""
        key = self.constraint_sql(model, schema_editor)
        return self._alter_table(model, schema_editor, f"ADD {key} NOT VALID", partition)

    def validate_sql(self, model: Any, schema_editor: Any, *, partition: str | None = None) -> Statement:
        """ALTER TABLE that proves the key for the rows that were there before it; see `ValidateForeignKey`."""
        name = schema_editor.quote_name(self.name)
        return self._alter_table(model, schema_editor, f"VALIDATE CONSTRAINT {name}", partition)

    def remove_sql(self, model: Any, schema_editor: Any, *, partition: str | None = None) -> Any:
        """ALTER TABLE that drops the key."""
        name = schema_editor.quote_name(self.name)
        return self._alter_table(model, schema_editor, f"DROP CONSTRAINT {name}", partition)

    def _alter_table(self, model: Any, schema_editor: Any, action: str, partition: str | None = None) -> Statement:
        """It knows both tables, as Django's own statements of keys do, though it prints one of them in `action`."""
        quote = schema_editor.quote_name
        table = partition or Table(model._meta.db_table, quote)
        target = Table(model._meta.get_field(self.field).remote_field.model._meta.db_table, quote)
        return Statement("ALTER TABLE %(table)s %(action)s", table=table, action=action, to_table=target)

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "default") -> None:
        """Nothing: the ForeignKey field itself looks the parent up when a model is cleaned."""

    def check(self, model: Any, connection: Any) -> list[checks.CheckMessage]:
        """System checks of the declaration (Django 6.0 and newer; older versions call `_check`)."""
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
    """An index whose name may be as long as PostgreSQL allows (63 bytes; Django's own stops at 30)."""

    max_name_length = 63


class UniqueIndex(NamedIndex):
    """CREATE UNIQUE INDEX, where `UniqueConstraint(fields=…)` would make a constraint of another definition."""

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Statement:
        """Django's CREATE INDEX with UNIQUE in it; `concurrently=True` is passed on."""
        concurrently = kwargs.pop("concurrently", False)
        sql = schema_editor.sql_create_index_concurrently if concurrently else schema_editor.sql_create_index
        return super().create_sql(model, schema_editor, using=using, sql=_unique(sql), **kwargs)


def _unique(template: Any) -> Any:
    """CREATE UNIQUE INDEX; the templates of another engine may be lists of such, or have their text as `sql`."""
    if isinstance(template, str):
        return template.replace("CREATE INDEX", "CREATE UNIQUE INDEX", 1)
    if isinstance(template, list):
        return type(template)(map(_unique, template))
    changed = copy(template)
    changed.sql = _unique(template.sql)
    return changed
