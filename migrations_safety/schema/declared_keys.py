"""Reads from Django's models which foreign keys their tables must have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from migrations_safety.constraints import ForeignKeyConstraint, makes_its_own_key
from migrations_safety.messages import definitions
from migrations_safety.postgresql.relations import ForeignKey
from migrations_safety.schema.declared_models import column_type
from migrations_safety.sql.identifiers import quote_identifier


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyEnds:
    """Both ends of a foreign key by name; the JSON of reports has the same four names."""

    table: str
    column: str
    target_table: str
    target_column: str

    @property
    def columns(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """The child table and column as a pair, then the parent table and column as a pair."""
        return (self.table, self.column), (self.target_table, self.target_column)

    @property
    def target_subject(self) -> str:
        """The parent column, as findings name it: `patients."id"`."""
        return f'{self.target_table}."{self.target_column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredKey:
    """A foreign key as a model declares it.

    There are two kinds: a `ForeignKeyConstraint`, and the foreign key that Django makes for a `ForeignKey` with
    `db_constraint=True` (deferrable, initially deferred). For the second kind `name` is None, because Django chooses
    the name. `row_id` is the primary-key column of the child table. In a migration plan that renames tables or columns,
    `table`, `column`, `target_table` and `target_column` hold the names from before the plan; `new` holds those of
    these four words whose table or column the plan creates.
    """

    app_label: str
    model_name: str
    table: str
    column: str
    column_type: str | None
    target_table: str
    target_column: str
    name: str | None
    on_delete: str
    on_update: str
    deferrable: bool
    row_id: str | None = None
    new: frozenset[str] = frozenset()

    @property
    def subject(self) -> str:
        """The foreign-key column, as findings name it: `bills."patientId"`."""
        return f'{self.table}."{self.column}"'

    @property
    def ends(self) -> KeyEnds:
        """Both ends of the foreign key as one value."""
        return KeyEnds(
            table=self.table, column=self.column, target_table=self.target_table, target_column=self.target_column
        )

    @property
    def tables(self) -> tuple[str, str]:
        """The names of the child table and of the parent table."""
        return self.table, self.target_table

    @property
    def definition(self) -> str:
        """The definition of the foreign key in words of SQL, without its name."""
        return definitions.foreign_key(
            columns=(self.column,),
            target=self.target_table,
            target_columns=(self.target_column,),
            on_delete=self.on_delete,
            on_update=self.on_update,
            deferrable=self.deferrable,
            deferred=self.deferrable,
        )

    @property
    def label(self) -> str:
        """How findings name the foreign key: by its name, or by its column where Django chooses the name."""
        return f"{self.table}.{self.name}" if self.name else self.subject

    def standing(self, keys: Iterable[ForeignKey], *, target_oid: int | None) -> ForeignKey | None:
        """Return the existing foreign key that corresponds to this one, or None.

        `keys` are the existing ones of the child table. One with a declared name is found by its name. Where Django
        chooses the name, it is found by its column, and one with the declared definition is preferred.
        """
        if self.name is not None:
            return next((one for one in keys if one.name == self.name), None)
        found = [one for one in keys if one.columns == (self.column,)]
        same = [
            one for one in found if target_oid is not None and not self.differing_fields(one, target_oid=target_oid)
        ]
        return next(iter(same or found), None)

    def statement(self, name: str, *, table: str, target: str, in_steps: bool, drop: str = "") -> str:
        """Return the SQL that adds the foreign key under `name`.

        `table` and `target` are SQL names. `drop` is an action of ALTER TABLE that comes first and ends with a comma
        and a space. With `in_steps` there are two statements: the first adds the foreign key as NOT VALID, the second
        validates it, which reads the existing rows without blocking writes.
        """
        key = f"ADD CONSTRAINT {quote_identifier(name)} FOREIGN KEY ({quote_identifier(self.column)})"
        key += f" REFERENCES {target} ({quote_identifier(self.target_column)})"
        key += f" ON DELETE {self.on_delete} ON UPDATE {self.on_update}"
        key += " DEFERRABLE INITIALLY DEFERRED" if self.deferrable else ""
        if not in_steps:
            return f"ALTER TABLE {table} {drop}{key}; -- fails where rows have no parent; writes wait while it reads"
        add, prove = f"ALTER TABLE {table} {drop}{key} NOT VALID;", f"VALIDATE CONSTRAINT {quote_identifier(name)};"
        where_it_fails = "the second fails where rows have no parent: correct these and run it again"
        return f"{add} ALTER TABLE {table} {prove} -- {where_it_fails}"

    def differing_fields(self, found: ForeignKey, *, target_oid: int) -> tuple[str, ...]:
        """Return the names of the fields in which the existing foreign key `found` differs from the declared one.

        Whether it is validated is not compared. `target_oid` is the oid of the declared parent table: the parent is
        compared by oid, because two schemas may have a table of the same name.
        """
        declared = {
            "columns": (self.column,),
            "target_oid": target_oid,
            "target_columns": (self.target_column,),
            "on_delete": self.on_delete,
            "on_update": self.on_update,
            "is_match_simple": True,
            "set_columns": 0,
            "deferrable": self.deferrable,
            "deferred": self.deferrable,
        }
        return tuple(name for name, value in declared.items() if getattr(found, name) != value)

    def definition_of(self, found: ForeignKey, *, target_oid: int) -> str:
        """Return the definition of the existing foreign key `found` in words of SQL, as `definition` does."""
        same_target = found.target_oid == target_oid
        target = self.target_table if same_target else found.target_table
        if not same_target and found.target_table == self.target_table:
            target = f"{found.target_schema}.{found.target_table}"
        return definitions.foreign_key(
            columns=found.columns,
            target=target,
            target_columns=found.target_columns,
            on_delete=found.on_delete,
            on_update=found.on_update,
            deferrable=found.deferrable,
            deferred=found.deferred,
            is_unusual=not found.is_match_simple or found.set_columns > 0,
        )


def declared_key(model: Any, constraint: ForeignKeyConstraint) -> DeclaredKey:
    """Return the foreign key that a ForeignKeyConstraint of the model declares."""
    field = model._meta.get_field(constraint.field)
    return _key(model, field, constraint.name, constraint.on_delete, constraint.on_update, deferrable=False)


def declared_keys(model: Any) -> Iterator[DeclaredKey]:
    """Return every foreign key that a model declares.

    The constraints of a field that the model lacks are left out: in the state of migrations, models of apps without
    migrations have no relations.
    """
    fields = {field.name for field in model._meta.local_fields}
    for constraint in model._meta.constraints:
        if isinstance(constraint, ForeignKeyConstraint) and constraint.field in fields:
            yield declared_key(model, constraint)
    for field in model._meta.local_fields:
        if makes_its_own_key(field):
            rule = getattr(
                field.remote_field.on_delete, "operation", "NO ACTION"
            )  # DB_CASCADE and the like, Django 6.1
            yield _key(model, field, None, rule, "NO ACTION", deferrable=True)


def _key(model: Any, field: Any, name: str | None, on_delete: str, on_update: str, *, deferrable: bool) -> DeclaredKey:
    target = field.target_field
    return DeclaredKey(
        app_label=model._meta.app_label,
        model_name=model._meta.model_name,
        table=model._meta.db_table,
        column=field.column,
        column_type=column_type(field),
        target_table=target.model._meta.db_table,
        target_column=target.column,
        name=name,
        on_delete=on_delete,
        on_update=on_update,
        deferrable=deferrable,
        row_id=model._meta.pk.column,
    )
