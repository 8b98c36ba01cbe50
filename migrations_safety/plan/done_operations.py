"""Lets Django pass over the operations of a migration that a killed run has done already.

`migrate --keep-dropped` records them for each migration that is not one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunSQL, SeparateDatabaseAndState

from migrations_safety.kept.kept_steps import BEGUN, DONE, Step, open_steps
from migrations_safety.messages.refusals.kept import FileChangedMeanwhile, StepNotKnown
from migrations_safety.plan.operation_effects import is_repeatable
from migrations_safety.plan.planned_migration import planned
from migrations_safety.postgresql.connection import Connection

PASSED_OVER = "migrations_safety_passes_over"
"""The name of an attribute that the connection has meanwhile."""


class DoneBefore(SeparateDatabaseAndState):
    """An operation that is done: it changes Django's state alone."""

    def __init__(self, operation: Any) -> None:
        super().__init__(state_operations=[operation])


@dataclass(frozen=True, kw_only=True, slots=True)
class HalfDone:
    """A migration that a killed `migrate --keep-dropped` has done in part."""

    migration: str
    """The label of the migration."""
    is_backwards: bool
    done: frozenset[int]
    """The places of the operations that are done, from 1."""
    begun: frozenset[int]
    """The places of those that had begun and are not done."""
    unknown: int | None
    """The place of an operation that had begun and that must not be repeated unasked; None where there is none."""
    what: str
    """This operation in words."""
    has_changed: bool
    """Whether the file of the migration is another one, or gone."""


def half_done(connection: Connection) -> list[HalfDone]:
    """Return the migrations that were done in part."""
    steps = open_steps(connection)
    if not steps:
        return []
    loader: Any = MigrationLoader(connection, load=False)
    loader.load_disk()
    labels = dict.fromkeys(one.migration for one in steps)
    of_each = {label: [one for one in steps if one.migration == label] for label in labels}
    return [
        _half_done(connection, loader.disk_migrations.get(tuple(each.split(".", 1))), of_each[each]) for each in labels
    ]


def _half_done(connection: Connection, migration: Any, steps: list[Step]) -> HalfDone:
    checksum = planned(migration, connection.alias).checksum if migration else ""
    has_changed = any(one.checksum != checksum for one in steps)
    unknown, what = None, ""
    for one in () if has_changed else steps:
        operation = migration.operations[one.number - 1]
        if one.state == BEGUN and not _may_run_again(operation, one):
            unknown, what = one.number, operation.describe()
    return HalfDone(
        migration=steps[0].migration,
        is_backwards=steps[0].is_backwards,
        done=frozenset(one.number for one in steps if one.state == DONE),
        begun=frozenset(one.number for one in steps if one.state != DONE),
        unknown=unknown,
        what=what,
        has_changed=has_changed,
    )


def _may_run_again(operation: Any, step: Step) -> bool:
    if type(operation) is RunSQL:
        texts = texts_of(operation, is_backwards=step.is_backwards)
        return step.texts >= len(texts) or is_repeatable(RunSQL(texts[step.texts]))
    return is_repeatable(operation)


def texts_of(operation: RunSQL, *, is_backwards: bool) -> list[Any]:
    """Return the texts that a RunSQL sends one by one, each as it is written in the migration."""
    given = operation.reverse_sql if is_backwards else operation.sql
    return list(given) if isinstance(given, list | tuple) else [given] if given else []


@contextmanager
def passing_over_done(connection: Connection, *, interrupted: str | None = None) -> Iterator[list[HalfDone]]:
    """Let Django pass over what is done, and yield the migrations that were done in part.

    `interrupted` says whether an operation of which nobody knows what it has done is `done` or is to run `again`.

    Raises StepNotKnown for such an operation where that is not said, and FileChangedMeanwhile where the operations of
    the file are not those that were recorded.
    """
    if passed_over(connection):
        yield []  # the command around this one has done it
        return
    halves, numbers = half_done(connection), {}
    for one in halves:
        if one.has_changed:
            raise FileChangedMeanwhile(migration=one.migration)
        if one.unknown and not interrupted:
            raise StepNotKnown(migration=one.migration, number=one.unknown, what=one.what)
        is_done = {one.unknown} if one.unknown and interrupted == "done" else set()
        numbers[one.migration] = one.done | is_done
    with passing_over(connection, numbers):
        yield halves


@contextmanager
def passing_over(connection: Connection, numbers: Mapping[str, frozenset[int]]) -> Iterator[None]:
    """Let each migration that Django loads for this connection lack the work of these operations.

    `numbers` are the places of the operations, from 1, by the label of the migration.
    """
    before = passed_over(connection)
    if numbers:
        _replace_loading()
    setattr(connection, PASSED_OVER, {**before, **numbers})
    try:
        yield
    finally:
        setattr(connection, PASSED_OVER, before)


def passed_over(connection: Connection) -> Mapping[str, frozenset[int]]:
    """Return the places of the operations that are passed over now, by the label of the migration."""
    found: Mapping[str, frozenset[int]] = getattr(connection, PASSED_OVER, {})
    return found


def _replace_loading() -> None:
    # Everybody makes loaders of their own. So the method of the class is replaced, for good: for a connection that
    # passes over nothing it loads as Django does.
    load: Any = MigrationLoader.load_disk
    if hasattr(load, PASSED_OVER):
        return

    @wraps(load)
    def load_disk(self: Any) -> None:
        load(self)
        for label, numbers in getattr(self.connection, PASSED_OVER, {}).items():
            if migration := self.disk_migrations.get(tuple(label.split(".", 1))):
                migration.operations = [
                    DoneBefore(one) if number in numbers else one
                    for number, one in enumerate(migration.operations, start=1)
                ]

    setattr(load_disk, PASSED_OVER, True)
    setattr(MigrationLoader, "load_disk", load_disk)  # noqa: B010  (mypy knows the method as fixed)
