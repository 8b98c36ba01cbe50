"""One operation of a migration while its changes are noted: what the operation renames, and what must exist for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.migrations.operations import AlterField, RenameField, RenameModel

from migrations_safety.plan.lineage import Column, Lineage, Table
from migrations_safety.plan.model_layouts import FieldLayout, Layout, Layouts, ModelName
from migrations_safety.plan.state_changes import Changes, Use


@dataclass(kw_only=True, slots=True)
class FollowedOperation:
    """One operation of a migration, with all that is needed to note its changes."""

    changes: Changes
    """The changes of the whole plan, to which those of this operation are added."""
    layouts: Layouts
    operation: Any
    state: Any
    """Django's ProjectState after the operation."""
    app_label: str
    migration: str
    """Label of the migration, such as `ehr.0002_keys`."""
    number: int
    """The number of the operation in the migration, counted from 1. Operations inside another one have its number."""
    code_from: int | None
    """Set for a state operation whose change RunPython or RunSQL makes in the database. It is the position in
    `changes.code` of the first code that may make this change. None where Django makes the change itself."""
    renamed_models: set[ModelName] = field(default_factory=set)
    """Models whose tables the operation has renamed."""
    alters_existing: bool = False
    """Whether the operation alters or drops a table that exists in the database."""

    @property
    def lineage(self) -> Lineage:
        """The tables, by the names that they have at this point of the plan."""
        return self.changes.lineage

    @property
    def is_done_by_code(self) -> bool:
        """Whether RunPython or RunSQL makes the change, so that no statement of Django needs the table or column."""
        return self.code_from is not None

    @property
    def code_so_far(self) -> int:
        """The smallest possible number of elements of `changes.code` that run before the change."""
        return len(self.changes.code) if self.code_from is None else self.code_from

    def renamed(self, name: ModelName) -> ModelName:
        """The name that a model, or the table of a many-to-many field, has after the operation."""
        if isinstance(self.operation, RenameModel) and name[:2] == (self.app_label, self.operation.old_name_lower):
            return (self.app_label, self.operation.new_name_lower, *name[2:])
        if isinstance(self.operation, RenameField) and len(name) > 2:
            return (*name[:2], self.renamed_field(name[:2], name[2]))
        return name

    def renamed_field(self, model: ModelName, name: str) -> str:
        """The name that a field of the model has after the operation; `name` is the one before."""
        is_renamed = (
            isinstance(self.operation, RenameField)
            and model == (self.app_label, self.operation.model_name_lower)
            and name == self.operation.old_name
        )
        return self.operation.new_name if is_renamed else name

    def fields_by_new_name(self, old: Layout | None) -> dict[str, FieldLayout]:
        """The fields of `old`, the layout before the operation, by the names that they have after the operation."""
        return {self.renamed_field(old.model, name): found for name, found in old.fields.items()} if old else {}

    def is_altered(self, old: FieldLayout, new: FieldLayout) -> bool:
        """Whether the operation is an AlterField that changes the column in the database.

        The rule is that of `_field_should_be_altered` in Django's schema editor.
        """
        if not isinstance(self.operation, AlterField) or old.field is new.field or None in (old.field, new.field):
            return False
        return _of_the_database(old.field) != _of_the_database(new.field)

    def use(self, table: Table, column: Column | None = None) -> Use:
        """Note that the operation alters or drops the table or column; return that note.

        The table or column must exist, unless RunPython or RunSQL makes the change.
        """
        code = tuple(self.changes.code)
        done_by = code[self.code_so_far :] if self.is_done_by_code else None
        used = Use(migration=self.migration, table=table, column=column, code=code, done_by=done_by)
        if not self.is_done_by_code:
            self.alters_existing |= table.current_name is not None
            self.changes.used.append(used)
        return used

    def claim_name(self, name: str, claimed: list[Use]) -> None:
        """Add to `claimed` that the operation gives `name` to a table or index, so that the name must be free.

        Nothing is added where an earlier operation of the plan has freed the name, or where code makes the change.
        """
        if self.is_done_by_code:
            return
        if not self.lineage.is_free(name) and name not in self.changes.freed_indexes:
            claimed.append(Use(migration=self.migration, name=name, code=tuple(self.changes.code)))


def _of_the_database(model_field: Any) -> tuple[Any, ...]:
    """What Django compares of a field: its class, and those of its options that have an effect in the database."""
    _, path, arguments, options = model_field.deconstruct()
    return path, arguments, {name: value for name, value in options.items() if name not in model_field.non_db_attrs}
