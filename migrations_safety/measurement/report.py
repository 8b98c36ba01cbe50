"""The measurements of a migration plan, as plain values; tables are named as PostgreSQL prints them (`regclass`)."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.measurement.broken_statement import BrokenStatement
from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.release_loss import ReleaseLoss
from migrations_safety.measurement.remade import Remade
from migrations_safety.postgresql.application_statements import ApplicationStatements

LOCKS = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""The lock modes of tables, spelled as in `pg_locks`, weakest first (PostgreSQL documentation, 13.3.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableEffect:
    """What one statement did to one table.

    `lock` is the strongest lock mode that the statement added, None where it added no lock.
    """

    table: str
    new: bool  # the plan itself has created the table
    lock: str | None
    scanned: bool
    rewritten: bool
    dropped: bool
    partition_of: str | None = None  # the partitioned table at the top, for a partition


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredStatement:
    """One statement that was really sent; `error` is its SQLSTATE if it failed, else None.

    `message` is what PostgreSQL said of a failed one, None where it may repeat a value.
    """

    sql: str  # with $1, $2 … in place of literals
    error: str | None
    tables: tuple[TableEffect, ...]
    place: int = 0  # in the order in which operations began and statements were sent; a deferred one comes late
    message: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredOperation:
    """One operation of a migration, with the statements that it sent, including deferred ones."""

    migration: str
    number: int  # its place in the migration, from 1
    kind: str
    description: str
    file: str | None  # the path of the migration, None for one without a file
    line: int | None
    reversible: bool
    opaque: bool  # whether it holds Python code (RunPython and the like)
    statements: tuple[MeasuredStatement, ...]
    place: int = 0  # when it began, in the same order as its statements
    ran_code: bool = False  # whether it holds Python code that was run here, on tables without the target's rows
    models: tuple[str, ...] = ()  # the models that the source of an opaque operation names, such as `shop.Order`

    @property
    def at(self) -> str:
        """The file and line of the operation, or the migration where it has no file."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file or self.migration

    def __str__(self) -> str:
        return f"operation {self.number}, {self.description}"


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredTransaction:
    """One migration: if it is atomic, it is one transaction, else each statement is committed on its own."""

    migrations: tuple[str, ...]
    atomic: bool
    operations: tuple[MeasuredOperation, ...]
    failed: int | None = None  # the number of the operation that raised an error

    @property
    def held(self) -> dict[str, str]:
        """The strongest lock mode on each table that existed before the plan.

        If the migration is atomic, the lock is held until its end.
        """
        strongest: dict[str, str] = {}
        for effect in self.effects:
            if effect.lock and not effect.new:
                strongest[effect.table] = max(strongest.get(effect.table, effect.lock), effect.lock, key=LOCKS.index)
        return strongest

    @property
    def effects(self) -> list[TableEffect]:
        """The effects of all statements, in their order."""
        return [effect for one in self.operations for statement in one.statements for effect in statement.tables]


@dataclass(frozen=True, kw_only=True, slots=True)
class OnRows:
    """What unapplying a migration does to rows, or demands of them.

    `kind` is that of the demand: `drop` (of a table or column), `length` or `cast` (a type that cannot hold the
    values), `enum` (a label that goes), or `not_null`.
    """

    migration: str
    table: str
    columns: tuple[str, ...]  # empty where the table itself is dropped
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WayBack:
    """The measurements of unapplying the plan, the last migration first.

    `ends_in` is the migration that could not be unapplied, None where all could. `operation` is the number of the
    operation in it that has no reverse, or that failed with `error`: its SQLSTATE, else its class.
    """

    transactions: tuple[MeasuredTransaction, ...] = ()
    loses: tuple[OnRows, ...] = ()
    needs_no_rows: tuple[OnRows, ...] = ()  # columns that come back NOT NULL without a value
    ends_in: str | None = None
    operation: int | None = None
    error: str | None = None
    reason: str | None = None  # why it was not measured at all, None where it was
    is_cut_off: bool = False  # whether `ends_in` and the migrations before it were left out for want of time


NOT_GONE = "the plan could not be measured to its end"
TOO_LONG = "the time for the scratch database was over"
NOT_MEASURED_HERE = "only precheck measures the rollback"
BACKWARDS = "the plan goes backwards itself"
NOTHING_TO_LOCK = "no table exists yet that the plan could lock or change"
NOTHING_PENDING = "nothing is pending"
NOT_ASKED = "--no-measure"
TOO_SLOW = "the plan took longer than"
NOT_RUN = "it could not be run there"
"""How the reasons begin for which no other scratch database would help."""
NO_FAULT = frozenset({NOTHING_TO_LOCK, NOTHING_PENDING, NOT_ASKED})
"""The reasons why a plan is not measured that are no fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredPlan:
    """The measurements of a plan that ran on a scratch database."""

    measured: str  # where it was measured: `url`, `server` or `embedded`; `no` if it was not
    reason: str | None  # why it was not measured, or not on the target's own server
    server_version: str | None
    left_out: tuple[str, ...]  # objects of the target that the scratch database lacks
    transactions: tuple[MeasuredTransaction, ...]
    demands: tuple[Demand, ...] = ()  # what it demands of rows that are there
    error: str | None = None  # the SQLSTATE (else the class) of the error that ended the plan early
    application: tuple[BrokenStatement, ...] = ()  # statements of the application that fail after a migration
    losses: tuple[ReleaseLoss, ...] | None = None  # what the running release lost; None where nobody looked
    statements: ApplicationStatements | None = None  # those that were parsed before the plan; None: nobody asked
    remade: tuple[Remade, ...] = ()  # indexes and constraints that it drops and makes again as they were
    back: WayBack = WayBack(reason=NOT_GONE)  # what unapplying it does

    @property
    def way_back(self) -> tuple[MeasuredTransaction, ...]:
        """The measurements of unapplying the plan, as far as it goes."""
        return self.back.transactions

    @property
    def is_measured(self) -> bool:
        """Whether the plan ran on a scratch database, as far as it went."""
        return self.measured != "no"

    @property
    def opaque(self) -> tuple[MeasuredOperation, ...]:
        """The operations whose code was not run, so that nobody knows what it does."""
        return tuple(one for transaction in self.transactions for one in transaction.operations if one.opaque)


def not_measured(reason: str) -> MeasuredPlan:
    """Return the result for a plan that was not measured."""
    return MeasuredPlan(measured="no", reason=reason, server_version=None, left_out=(), transactions=())
