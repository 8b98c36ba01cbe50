"""Finds out which statements of the application fail after a migration, on the scratch database.

Each statement is parsed before the plan and again after every migration that has changed a table which it names.
Nothing is executed. PostgreSQL checks all names and types when it parses a statement; what depends on values, such as a
missing value of a column that is NOT NULL, shows only when the statement runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import DiagnosticField, ExecStatus

from migrations_safety.measurement.broken_statement import BrokenStatement
from migrations_safety.measurement.statement_texts import filled, filled_at, number_of_parameters, plannable
from migrations_safety.sql import statement

NEEDS_PLAN = "on conflict"
"""Words of a statement whose errors the planner alone finds: whether a unique index fits the conflict."""
UNKNOWN = "XX000"
MOST_REPAIRS = 20
"""How many parameters of one statement are replaced, one after the other."""
TYPED = frozenset({
    16, 20, 21, 23, 700, 701, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 2950,
    1000, 1005, 1007, 1016, 1021, 1022, 1115, 1182, 1185, 1231, 2951,
})  # fmt: skip
"""The numbers (pg_type.oid) of the types of booleans, numbers, dates, times and UUIDs, and of arrays of them. Programs
send such values with their type. A text they may send without one, and it takes the type of the column."""


@dataclass(kw_only=True, slots=True)
class _Watched:
    statement: str
    calls: int | None
    form: str
    """The form of the statement that could be parsed before the plan."""
    types: list[int]
    """The types of its parameters before the plan, 0 for those that may have any."""

    def names(self, relations: Iterable[str]) -> bool:
        """Whether the statement may be about one of these tables."""
        text = self.form.lower()
        return any(name.lower() in text for name in relations)


class ApplicationWatcher:
    """Parses the statements of the application before the plan and after its migrations.

    `asked` are dictionaries with the keys `statement` and `calls`.
    """

    def __init__(self, session: psycopg.Connection[Any], asked: list[dict[str, Any]]) -> None:
        self.session = session
        self.asked = asked
        self.found: list[BrokenStatement] = []
        self._watched: list[_Watched] = []
        self._relations: dict[int, tuple[str, str]] = {}
        self._others = ""
        self._place = 0
        """Where in the text the last error was, counted from 0."""

    def before(self) -> None:
        """Parse all statements on the database as it is; those that fail are noted with `because_of` None."""
        if self.asked:
            self._relations, self._others = self._catalog()
        for one in self.asked:
            self._begin(one["statement"], one["calls"])

    def _begin(self, text: str, calls: int | None) -> None:
        plain = plannable(text)
        error = self._error(plain)
        form = plain if error is None else self._repaired(plain)
        if form is None:
            self.found.append(BrokenStatement(statement=text, calls=calls, breaks_with=str(error), because_of=None))
        else:
            self._watched.append(_Watched(statement=text, calls=calls, form=form, types=self._types(form)))

    def _repaired(self, plain: str) -> str | None:
        """Return the statement with constants where PostgreSQL cannot tell the type of a parameter; None in vain."""
        form, place = plain, self._place
        for _ in range(MOST_REPAIRS):
            form = filled_at(form, place) or ""
            if not form or self._error(form) is None:
                break
            place = self._place
        forms = (form, filled(plain, "NULL"), filled(plain, "1"))
        return next((one for one in forms if one and self._error(one) is None), None)

    def after(self, migration: str) -> None:
        """Parse the statements again that a migration may have broken."""
        if not self._watched:
            return
        relations, others = self._catalog()
        changed = {
            name
            for oid in relations.keys() | self._relations.keys()
            if relations.get(oid) != self._relations.get(oid)
            for name, _ in (*_known(relations, oid), *_known(self._relations, oid))
        }
        is_any = others != self._others
        self._relations, self._others = relations, others
        for one in [one for one in self._watched if is_any or one.names(changed)]:
            error = self._error(one.form, one.types)
            if error is not None:
                self._watched.remove(one)
                self.found.append(
                    BrokenStatement(statement=one.statement, calls=one.calls, breaks_with=error, because_of=migration)
                )

    def _catalog(self) -> tuple[dict[int, tuple[str, str]], str]:
        """Return name and fingerprint of each relation by its oid, and one fingerprint of all else."""
        rows = self.session.execute(statement("application.relations").encode()).fetchall()
        ((others,),) = self.session.execute(statement("application.others").encode()).fetchall()
        return {oid: (name, fingerprint) for oid, name, fingerprint in rows}, others

    def _types(self, form: str) -> list[int]:
        """Return the types of the parameters of the statement that was parsed last."""
        described = self.session.pgconn.describe_prepared(b"")
        found = [described.param_type(number) for number in range(described.nparams)]
        types = [one if one in TYPED else 0 for one in found]
        return types if self._error(form, types) is None else []

    def _error(self, form: str, types: Sequence[int] = ()) -> str | None:
        """Return the SQLSTATE with which PostgreSQL refuses a statement; None where it does not."""
        text = form.encode(self.session.info.encoding, errors="replace")
        result = self.session.pgconn.prepare(b"", text, types or None)
        if result.status != ExecStatus.COMMAND_OK:
            self._place = int(result.error_field(DiagnosticField.STATEMENT_POSITION) or 1) - 1
            return (result.error_field(DiagnosticField.SQLSTATE) or UNKNOWN.encode()).decode()
        return self._error_of_plan(form) if NEEDS_PLAN in form.lower() else None

    def _error_of_plan(self, form: str) -> str | None:
        number = number_of_parameters(form)
        parameters = sql.SQL(f"({', '.join(['NULL'] * number)})" if number else "")
        self.session.execute(sql.SQL(statement("application.prepare")).format(query=sql.SQL(form)))
        try:
            self.session.execute(sql.SQL(statement("application.explain")).format(parameters=parameters))
        except psycopg.Error as error:
            return error.sqlstate or UNKNOWN
        finally:
            self.session.execute(statement("application.deallocate").encode())
        return None


def _known(relations: dict[int, tuple[str, str]], oid: int) -> tuple[tuple[str, str], ...]:
    return (relations[oid],) if oid in relations else ()
