"""What the way back does to the database, noted under the names that tables and columns have now."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import AddField

from migrations_safety.plan.column_values import digits_of, filling_of, is_filled, length_of
from migrations_safety.plan.lineage import Lineage
from migrations_safety.plan.rollback import (
    Demand,
    DroppedColumn,
    DroppedTable,
    RequiredColumn,
    RetypedColumn,
    Rollback,
    Step,
)


class Notes:
    """What the recording editor tells, under the names of now."""

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
        self._names: dict[str, tuple[str, str]] = {}
        self._altered: set[str] = set()
        self._locked: set[str] = set()
        self._creates = False
        self._after_code: dict[tuple[str, str | None], str] = {}

    def rollback(self, irreversible: tuple[Step, ...]) -> Rollback:
        """All that was noted."""
        return Rollback(
            tables=tuple(self._dropped),
            every_column=tuple(self._dropped_columns),
            retyped=tuple(self._retyped),
            required=tuple(self._required),
            enums=tuple(self._enums),
            demands=tuple(dict.fromkeys(self._demands)),
            irreversible=irreversible,
            opaque=tuple(dict.fromkeys(one for one in self._opaque if one not in irreversible)),
            unjudged=tuple(dict.fromkeys(self._unjudged)),
            names=self._names,
            altered=frozenset(self._altered),
            locked=frozenset(self._locked),
            creates=self._creates,
            after_code=self._after_code,
        )

    def begin(self, migration: Any, step: Step, operation: Any) -> None:
        """What follows is of this operation."""
        self._migration, self._step, self._operation = migration, step, operation

    def baseline(self, migration: Any) -> None:
        """What a baseline stands for goes with it, also where nothing says how."""
        label = f"{migration.app_label}.{migration.name}"
        for now in (self.lineage.table(name).now for name in getattr(migration, "adopts", ())):
            if now and now not in {one.table for one in self._dropped}:
                apps = frozenset({migration.app_label})
                self._dropped.append(DroppedTable(table=now, migration=label, apps=apps, is_baseline=True))

    def _of(self, table: str, app: str) -> dict[str, Any]:
        return {"table": table, "migration": self._step.migration, "apps": frozenset({app, self._migration.app_label})}

    def _claim(self, table: str) -> None:
        """A name is taken; where nothing on the way has freed it, it must be free now."""
        self._creates = True
        if self.lineage.table(table).now is not None:
            self._names.setdefault(table, (self._step.migration, self._code()))

    def _need(self, table: str, column: str | None = None) -> None:
        """Code that was run before the first need may bring it."""
        self._after_code.setdefault((table, column), self._code())

    def _code(self) -> str:
        """The migrations whose code was taken back so far."""
        return ", ".join(dict.fromkeys(one.migration for one in self._opaque))

    def statement(self) -> None:
        """Code is taken back."""
        self._opaque.append(self._step)

    def enum_dropped(self, name: str) -> None:
        """An enum goes."""
        self._enums.append(name)

    def table_made(self, table: str) -> None:
        """A table comes back."""
        self._claim(table)
        self.lineage.create(table)

    def table_renamed(self, old: str, new: str) -> None:
        """A table gets its older name, unless code beside it has done that."""
        if self.lineage.has_moved(old, new):
            return
        self._claim(new)
        self.altered(old)
        self.lineage.rename(old, new)

    def table_dropped(self, table: str, *, app: str) -> None:
        """A table goes."""
        if now := self.lineage.drop(table).now:
            self._need(now)
            is_baseline = hasattr(self._migration, "adopts")
            self._dropped.append(DroppedTable(**self._of(now, app), is_baseline=is_baseline))

    def altered(self, table: str) -> None:
        """A table needs its owner."""
        if now := self.lineage.table(table).now:
            self._need(now)
            self._altered.add(now)

    def locked(self, table: str) -> None:
        """The other end of a key."""
        if now := self.lineage.table(table).now:
            self._locked.add(now)

    def read_through(self, table: str) -> None:
        """A table that is there is read or written anew."""
        if self.lineage.table(table).now:
            self._unjudged.append(self._step)

    def demanded(self, table: str, what: str) -> None:
        """The same, and its rows have to fulfil something."""
        if now := self.lineage.table(table).now:
            self._unjudged.append(self._step)
            self._demands.append(Demand(table=now, migration=self._step.migration, what=what))

    def column_made(self, table: str, field: Any) -> None:
        """A column comes back."""
        there = self.lineage.table(table)
        there.add(field.column)
        if now := there.now:
            self.altered(table)
            if not field.null and not is_filled(field):
                self._require(now, None, field)

    def column_dropped(self, table: str, field: Any, *, app: str) -> None:
        """A column goes."""
        column = self.lineage.table(table).drop(field.column)
        if now := column.table.now:
            self.altered(table)
            if column.now and not field.generated:
                self._need(now, column.now)
                filling = filling_of(self._operation.field if isinstance(self._operation, AddField) else field)
                self._dropped_columns.append(DroppedColumn(**self._of(now, app), column=column.now, filling=filling))

    def column_altered(self, table: str, old: Any, new: Any, *, app: str, types: tuple[str, str], cast: bool) -> None:
        """A column gets its older name or type, unless code beside it has renamed it."""
        if self.lineage.table(table).has_moved(old.column, new.column):
            return
        column = self.lineage.table(table).column(old.column)
        column.table.rename(old.column, new.column)
        if not (now := column.table.now):
            return
        self.altered(table)
        if column.now:
            self._need(now, column.now)
        if old.null and not new.null and not (new.has_default() or new.has_db_default()):
            self._require(now, column.now, new)
        if new.unique and not old.unique:
            self.demanded(table, f"that ({new.name}) is unique")
        if column.now and types[0] != types[1]:
            bounds: dict[str, Any] = {"length": length_of(new, types[1]), "digits": digits_of(new)}
            self._retyped.append(
                RetypedColumn(**self._of(now, app), column=column.now, types=types, cast=cast, **bounds)
            )

    def _require(self, table: str, column: str | None, field: Any) -> None:
        words = {"table": table, "name": field.column, "migration": self._step.migration}
        self._required.append(RequiredColumn(column=column, **words))
