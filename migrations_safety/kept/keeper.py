"""Keeps what the migrations of a run drop: it takes the place of each statement that drops a table or a column.

Django's operations, those of other packages and RunSQL all send `DROP TABLE` or `ALTER TABLE … DROP COLUMN`, so the
statement itself is replaced, wherever it comes from. A text that drops and is more than that is not sent. What code
drops out of sight, in a DO or a function, is noticed at the end of the migration, before its transaction commits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from migrations_safety.kept.drop_statements import DroppedName, dropped_by, dropped_constraint, dropped_type, may_drop
from migrations_safety.kept.dropped_keys import forget_keys, remember_key
from migrations_safety.kept.kept_columns import keep_column
from migrations_safety.kept.kept_record import Reason
from migrations_safety.kept.kept_tables import keep_table
from migrations_safety.kept.kept_types import keep_type
from migrations_safety.kept.physical import Part, Relation, qualified_names
from migrations_safety.locking import statement_text
from migrations_safety.locking.running_migration import running_migration
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.refusals.kept import DropNotRead, DroppedUnseen
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.sql import statement
from migrations_safety.sql.composition import MARK

RECORDS = re.compile(r'\s*(INSERT INTO|DELETE FROM) "?django_migrations\b', re.IGNORECASE)
"""The statement with which Django ends a migration, in the transaction of an atomic one."""

OUT_OF_SIGHT = re.compile(r"\s*(?:DO\b|CALL\b|SELECT\b(?!.*\bFROM\b))", re.IGNORECASE | re.DOTALL)
"""A statement that runs code of the database: outside of a transaction its drops would be noticed after the COMMIT."""

Columns = dict[int, tuple[str, frozenset[int]]]
"""By the oid of each table its name, and the numbers of its columns."""


@dataclass(kw_only=True)
class Keeper:
    """An `execute_wrapper` for one run of `migrate` with `--keep-dropped`."""

    connection: Connection
    run_id: UUID | None
    _columns: Columns = field(default_factory=dict)
    """Those before the run. What the run itself makes and drops again in code is not looked for."""
    _is_keeping: bool = False
    _refused: Refusal | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Keep what the statements in the block drop."""
        self._columns = self._read_columns()
        with self.connection.execute_wrapper(self._each_statement):
            yield

    def _each_statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = sql if isinstance(sql, str) else statement_text.of(sql).text
        if self._is_keeping or many or text.endswith(MARK):
            return execute(sql, params, many, context)
        if self._refused and not text.startswith(("SAVEPOINT", "ROLLBACK", "RELEASE")):
            raise self._refused  # the migration's code has caught this error and gone on
        if RECORDS.match(text):
            self._refuse_what_is_gone()
        elif (names := dropped_by(text)) and not ("%" in text and params):
            return self._keep(names, partial_of(execute, sql, params, many, context))
        elif name := dropped_type(text):
            return self._keep_type(name, partial_of(execute, sql, params, many, context))
        elif (constraint := dropped_constraint(text)) and not may_drop(text):
            self.remember_key(*constraint)
        elif may_drop(text):
            self._refuse(DropNotRead(migration=running_migration()))
        elif OUT_OF_SIGHT.match(text):
            return self._looking_afterwards(text, partial_of(execute, sql, params, many, context))
        return execute(sql, params, many, context)

    def _looking_afterwards(self, text: str, send: Callable[[], Any]) -> Any:
        """Run a statement that may drop out of sight, and refuse it in its transaction if it did.

        The StatementGuard has begun one, except for what only reads rows as far as its text shows, and for what
        PostgreSQL runs in none.
        """
        is_alone = not self.connection.in_atomic_block and text.lstrip()[:6].upper() == "SELECT"
        with transaction.atomic(using=self.connection.alias) if is_alone else nullcontext():
            result = send()
            self._refuse_what_is_gone()
            return result

    def remember_key(self, table: str, name: str) -> None:
        """Remember a foreign key that is dropped in this transaction, because its column may be kept later."""
        for found in self._tables(DroppedName(table=table)):
            with self._keeping(), qualified_names(self.connection):
                asked = {"oid": found.oid, "name": name}
                keys = rows(self.connection, "keeper.key", asked, Part)
            with self._keeping():
                for key in keys:
                    remember_key(self.connection, key)

    def end(self) -> None:
        """End a run that has reached its end."""
        with self._keeping():
            forget_keys(self.connection)

    def _refuse(self, refusal: Refusal) -> None:
        self._refused = refusal
        raise refusal

    def _keep(self, names: tuple[DroppedName, ...], send: Callable[[], Any]) -> Any:
        """Keep each of the names; send the statement itself where it drops nothing that holds rows."""
        found = [(name, table) for name in names for table in self._tables(name)]
        if not found:
            return send()
        if len(found) != len(names):
            self._refuse(DropNotRead(migration=running_migration()))
        reason = Reason(migration=running_migration(), run_id=self.run_id)
        with self._keeping():
            for name, table in found:
                if name.column is None:
                    keep_table(self.connection, table, reason=reason)
                elif keep_column(self.connection, table, name.column, reason=reason) is None:
                    return send()
        return None

    def _keep_type(self, name: str, send: Callable[[], Any]) -> Any:
        """Keep a type that something kept still has; send the statement where nothing has it."""
        with self._keeping():
            reason = Reason(migration=running_migration(), run_id=self.run_id)
            number = keep_type(self.connection, name, reason=reason)
        return send() if number is None else None

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        self._is_keeping = True
        try:
            yield
        except Refusal as refusal:
            self._refused = refusal
            raise
        finally:
            self._is_keeping = False

    def _tables(self, name: DroppedName) -> list[Relation]:
        with self._keeping():
            return rows(self.connection, "keeper.find", {"name": name.table}, Relation)

    def _read_columns(self) -> Columns:
        with self.connection.cursor() as cursor:
            cursor.execute(statement("keeper.columns"))
            return {oid: (name, frozenset(there or ())) for oid, name, there in cursor.fetchall()}

    def _refuse_what_is_gone(self) -> None:
        """Raise DroppedUnseen where a table or column is gone that was there before the run."""
        with self._keeping():
            now = self._read_columns()
        for oid, (name, there) in self._columns.items():
            if oid not in now:
                self._refuse(DroppedUnseen(migration=running_migration(), what=f"the table {name}"))
            elif there - now[oid][1]:
                self._refuse(DroppedUnseen(migration=running_migration(), what=f"a column of {name}"))


def partial_of(execute: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    """A function without arguments that runs the statement."""
    return lambda: execute(*args)
