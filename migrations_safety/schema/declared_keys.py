"""Reads Django's models: what they declare about keys, indexes, columns and enums becomes plain values."""

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
    """Both ends of a key by their names, as the JSON of reports has them."""

    table: str
    column: str
    target_table: str
    target_column: str

    @property
    def columns(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Table and column of the referencing end, then of the parent's."""
        return (self.table, self.column), (self.target_table, self.target_column)

    @property
    def target_subject(self) -> str:
        """`patients."id"`: how findings name the parent's column."""
        return f'{self.target_table}."{self.target_column}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredKey:
    """A foreign key as a model declares it; `name` is None where Django makes one up, `row_id` is the table's own key.

    Two kinds: a `ForeignKeyConstraint`, and Django's own key of a `ForeignKey` with `db_constraint=True`
    (NO ACTION, deferrable, initially deferred). A key of a plan has the names of now for what is there now; `new` are
    those of its four ends (`table`, `column`, `target_table`, `target_column`) that the plan is still to make.
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
        """`bills."patientId"`: how findings name the referencing column."""
        return f'{self.table}."{self.column}"'

    @property
    def ends(self) -> KeyEnds:
        """Both ends as one value."""
        return KeyEnds(
            table=self.table, column=self.column, target_table=self.target_table, target_column=self.target_column
        )

    @property
    def tables(self) -> tuple[str, str]:
        """The referencing table and the parent's."""
        return self.table, self.target_table

    @property
    def definition(self) -> str:
        """The key in words, without its name."""
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
        """How findings name the key: by its name, Django's own by its column."""
        return f"{self.table}.{self.name}" if self.name else self.subject

    def standing(self, keys: Iterable[ForeignKey], *, target_oid: int | None) -> ForeignKey | None:
        """Which of a table's keys stands for this one: by its name; Django's own by its column, the right one first."""
        if self.name is not None:
            return next((one for one in keys if one.name == self.name), None)
        found = [one for one in keys if one.columns == (self.column,)]
        same = [
            one for one in found if target_oid is not None and not self.differing_fields(one, target_oid=target_oid)
        ]
        return next(iter(same or found), None)

    def statement(self, name: str, *, table: str, target: str, in_steps: bool, drop: str = "") -> str:
        """SQL that adds it to a table, as statements name the two, after the action `drop`.

        Two statements where it is done `in_steps`: the first holds from now on, the second reads the rows that are
        there and blocks nobody.
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
        """The fields of the key that is there in which it is another than the declared one; validity is none of them.

        The target is compared by its oid, because a name may be spelled in two ways and stand in two schemas.
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
        """The key that is there in words, beside those of `definition`."""
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
    """The key of one ForeignKeyConstraint."""
    field = model._meta.get_field(constraint.field)
    return _key(model, field, constraint.name, constraint.on_delete, constraint.on_update, deferrable=False)


def declared_keys(model: Any) -> Iterator[DeclaredKey]:
    """Every foreign key that a model asks the database for.

    A state has the models of apps without migrations, but not their relations.
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
