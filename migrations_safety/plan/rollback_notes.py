"""Notes what a rollback does to the database, under the names that tables and columns have before the rollback."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import AddField

from migrations_safety.plan.column_values import digits_of, filling_of, is_filled, length_of
from migrations_safety.plan.lineage import Lineage
from migrations_safety.plan.recording_editor import ColumnChange
from migrations_safety.plan.rollback import (
    Demand,
    DroppedColumn,
    DroppedTable,
    NeededName,
    RequiredColumn,
    RetypedColumn,
    Rollback,
    Step,
)


class Notes:
    """Receives the reports of a RecordingEditor, and translates names of each step into those before the rollback."""

    def __init__(self, lineage: Lineage | None = None) -> None:
        self.lineage = lineage or Lineage()
        self._dropped: list[DroppedTable] = []
        self._dropped_columns: list[DroppedColumn] = []
        self._retyped: list[RetypedColumn] = []
        self._required: list[RequiredColumn] = []
        self._demands: list[Demand] = []
        self._opaque: list[Step] = []
        self._unjudged: list[Step] = []
        self._enums: list[str] = []
        self._names: dict[str, NeededName] = {}
        self._altered: set[str] = set()
        self._locked: set[str] = set()
        self._creates = False
        self._after_code: dict[tuple[str, str | None], str] = {}

    def rollback(self, irreversible: tuple[Step, ...]) -> Rollback:
        """Return everything that was noted, as a value; `irreversible` are the operations without a reverse."""
        return Rollback(
            tables=tuple(self._dropped),
            every_column=tuple(self._dropped_columns),
            retyped=tuple(self._retyped),
            required=tuple(self._required),
            enums=tuple(self._enums),
            demands=tuple(dict.fromkeys(self._demands)),
            irreversible=irreversible,
            opaque=tuple(dict.fromkeys(step for step in self._opaque if step not in irreversible)),
            unjudged=tuple(dict.fromkeys(self._unjudged)),
            names=self._names,
            altered=frozenset(self._altered),
            locked=frozenset(self._locked),
            creates=self._creates,
            after_code=self._after_code,
        )

    def begin(self, migration: Any, step: Step, operation: Any) -> None:
        """Note the changes that follow as changes of this operation."""
        self._migration, self._step, self._operation = migration, step, operation

    def baseline(self, migration: Any) -> None:
        """Note that the rollback of a baseline drops its tables, even where none of its operations drops them."""
        label = str(migration)
        for name in getattr(migration, "adopts", ()):
            current = self.lineage.table(name).current_name
            if current and current not in {dropped.table for dropped in self._dropped}:
                apps = frozenset({migration.app_label})
                self._dropped.append(DroppedTable(table=current, migration=label, apps=apps, is_baseline=True))

    def _origin(self, table: str, app: str) -> dict[str, Any]:
        return {"table": table, "migration": self._step.migration, "apps": frozenset({app, self._migration.app_label})}

    def _claim(self, table: str) -> None:
        """Note that a table gets this name, which must be free unless an earlier step of the rollback has freed it."""
        self._creates = True
        if self.lineage.table(table).current_name is not None:
            self._names.setdefault(table, NeededName(migration=self._step.migration, code=self._code()))

    def _need(self, table: str, column: str | None = None) -> None:
        """Note that the table or column must exist, unless reverse code that runs before creates it."""
        self._after_code.setdefault((table, column), self._code())

    def _code(self) -> str:
        """Labels of the migrations whose reverse code has run so far, separated by commas."""
        return ", ".join(dict.fromkeys(step.migration for step in self._opaque))

    def statement(self) -> None:
        """Note that the operation runs code whose effect is unknown."""
        self._opaque.append(self._step)

    def enum_dropped(self, name: str) -> None:
        """Note a dropped enum."""
        self._enums.append(name)

    def table_made(self, table: str) -> None:
        """Note a table that is created again."""
        self._claim(table)
        self.lineage.create(table)

    def table_renamed(self, old: str, new: str) -> None:
        """Note that a table gets its earlier name, unless code of the migration has already renamed the table."""
        if self.lineage.has_moved(old, new):
            return
        self._claim(new)
        self.altered(old)
        self.lineage.rename(old, new)

    def table_dropped(self, table: str, *, app: str) -> None:
        """Note a dropped table."""
        if current := self.lineage.drop(table).current_name:
            self._need(current)
            is_baseline = hasattr(self._migration, "adopts")
            self._dropped.append(DroppedTable(**self._origin(current, app), is_baseline=is_baseline))

    def altered(self, table: str) -> None:
        """Note a table that is altered; only the owner of a table may alter it."""
        if current := self.lineage.table(table).current_name:
            self._need(current)
            self._altered.add(current)

    def locked(self, table: str) -> None:
        """Note a table that is locked as the parent of a foreign key."""
        if current := self.lineage.table(table).current_name:
            self._locked.add(current)

    def read_through(self, table: str) -> None:
        """Note that all rows of an existing table are read or rewritten."""
        if self.lineage.table(table).current_name:
            self._unjudged.append(self._step)

    def demanded(self, table: str, what: str) -> None:
        """Note that the rows of an existing table must fulfil `what`, a condition in words, and are read for that."""
        if current := self.lineage.table(table).current_name:
            self._unjudged.append(self._step)
            self._demands.append(Demand(table=current, migration=self._step.migration, what=what))

    def column_made(self, table: str, field: Any) -> None:
        """Note a column that is added again."""
        found = self.lineage.table(table)
        found.add(field.column)
        if current := found.current_name:
            self.altered(table)
            if not field.null and not is_filled(field):
                self._require(current, None, field)

    def column_dropped(self, table: str, field: Any, *, app: str) -> None:
        """Note a dropped column. The values of a generated column are not lost, so only its table counts as altered."""
        column = self.lineage.table(table).drop(field.column)
        if column.table.current_name:
            self.altered(table)
        if (current := column.in_database) and not field.generated:
            self._need(current.table, current.column)
            filling = filling_of(self._operation.field if isinstance(self._operation, AddField) else field)
            origin = self._origin(current.table, app)
            self._dropped_columns.append(DroppedColumn(**origin, column=current.column, filling=filling))

    def column_altered(self, table: str, change: ColumnChange, *, app: str) -> None:
        """Note that a column gets its earlier name or definition.

        Nothing is noted where code of the migration has already renamed the column.
        """
        old, new = change.old, change.new
        if self.lineage.table(table).has_moved(old.column, new.column):
            return
        column = self.lineage.table(table).column(old.column)
        column.table.rename(old.column, new.column)
        current = column.table.current_name
        if not current:
            return
        self.altered(table)
        if column.current_name:
            self._need(current, column.current_name)
        if old.null and not new.null and not (new.has_default() or new.has_db_default()):
            self._require(current, column.current_name, new)
        if new.unique and not old.unique:
            self.demanded(table, f"that ({new.name}) is unique")
        if column.current_name and change.old_type != change.new_type:
            self._retype(current, column.current_name, change, app=app)

    def _retype(self, table: str, column: str, change: ColumnChange, *, app: str) -> None:
        self._retyped.append(
            RetypedColumn(
                **self._origin(table, app),
                column=column,
                old_type=change.old_type,
                new_type=change.new_type,
                length=length_of(change.new, change.new_type),
                digits=digits_of(change.new),
                cast=change.cast,
            )
        )

    def _require(self, table: str, column: str | None, field: Any) -> None:
        required = RequiredColumn(table=table, column=column, name=field.column, migration=self._step.migration)
        self._required.append(required)
