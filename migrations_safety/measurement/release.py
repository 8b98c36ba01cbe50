"""Finds out which tables and columns the running release loses, whatever took them: Django's operations or RunSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_safety.measurement.release_loss import ReleaseLoss
from migrations_safety.plan.column_types import Fit, fit
from migrations_safety.plan.state_changes import Step
from migrations_safety.postgresql.named_rows import records
from migrations_safety.sql import statement

OF_TYPES = {Fit.NARROWER: Step.NARROWS, Fit.OTHER: Step.RETYPES}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    number: int
    type: str
    is_demanded: bool
    is_nullable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    oid: int
    columns: dict[str, _Column]


class ReleaseWatcher:
    """Compares the tables of the running release with those of its models, before the plan and after each migration.

    `release` has the columns by table, each with the answer whether Django writes NULL where the code gives no value.
    """

    def __init__(self, session: psycopg.Connection[Any], release: Mapping[str, Mapping[str, bool]]) -> None:
        self.session = session
        self.release = release
        self.found: list[ReleaseLoss] = []
        self._tables: dict[str, _Table] = {}

    def before(self) -> None:
        """Look at the tables as they are; what the models have and the database has not is no loss of the plan."""
        self._tables = self._look()

    def after(self, migration: str) -> None:
        """Note what a migration took from the release."""
        now = self._look() if self.release else {}
        for table, before in self._tables.items():
            for kind, column, detail in self._losses(table, before, now.get(table)):
                self.found.append(
                    ReleaseLoss(kind=kind, migration=migration, table=table, column=column, detail=detail)
                )
        self._tables = now

    def _look(self) -> dict[str, _Table]:
        names = {name if name.startswith('"') else f'"{name}"': name for name in self.release}
        found: dict[str, _Table] = {}
        with self.session.cursor() as cursor:
            cursor.execute(statement("release.columns").encode(), {"names": list(names)})
            for row in records(cursor):
                name, oid, column = names[row.pop("name")], row.pop("oid"), row.pop("column_name")
                found.setdefault(name, _Table(oid=oid, columns={})).columns[column] = _Column(**row)
        return found

    def _losses(self, table: str, before: _Table, now: _Table | None) -> Iterator[tuple[Step, str | None, str]]:
        if now is None:
            name = self._name(before.oid)
            yield (Step.RENAMES, None, name) if name else (Step.DROPS, None, "")
            return
        writes = self.release[table]
        for column, was in before.columns.items():
            if column in writes:
                yield from _changes(column, was, now, writes_null=writes[column])
        demanded = {one.number for one in before.columns.values() if one.is_demanded}
        for column, becomes in now.columns.items():
            if becomes.is_demanded and becomes.number not in demanded and column not in writes:
                yield Step.DEMANDS, column, ""

    def _name(self, oid: int) -> str:
        """What a table is called now; empty where it is gone."""
        names = self.session.execute(statement("release.names").encode(), {"oids": [oid]}).fetchall()
        return str(names[0][1]).strip('"') if names else ""


def _changes(column: str, was: _Column, now: _Table, *, writes_null: bool) -> Iterator[tuple[Step, str, str]]:
    becomes = now.columns.get(column)
    if becomes is None:
        renamed = next((name for name, one in now.columns.items() if one.number == was.number), "")
        yield (Step.RENAMES, column, renamed) if renamed else (Step.DROPS, column, "")
        return
    if kind := OF_TYPES.get(fit(_short(was.type), _short(becomes.type))):
        yield kind, column, f"{was.type} to {becomes.type}"
    if was.is_nullable and becomes.is_demanded and writes_null:
        yield Step.FORBIDS_NULL, column, ""


def _short(type: str) -> str:
    """The type as Django writes it."""
    return type.replace("character varying", "varchar")
