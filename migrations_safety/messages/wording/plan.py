"""Wording of the findings about a plan, besides its foreign keys: what it needs, drops, and hides in code."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.sqlstates import advice, meaning

MIGRATE_PLAN = (
    "python manage.py migrate --plan lists them, python manage.py sqlmigrate APP NAME prints their statements."
)
THE_PLAN = "the plan"
ANOTHER_SCRATCH = "Name an empty database of your own with --scratch-url, or try the plan on a copy of the database."
MORE_TIME = "Give it more time with --max-scratch-seconds, or try the plan on a copy of the database."
PROGRAMS = "pip install 'django-migrations-safety[embedded]', or install PostgreSQL with its client programs."
ON_A_COPY = "Try the plan on a copy of the database."
"""What helps where a plan was not measured: another scratch database, more time, PostgreSQL's programs, or nothing."""


def not_there(subject: str, *, migration: str, found: str) -> Finding:
    """The finding that a pending migration alters an object that does not exist."""
    message = f"does not exist{found}, but {migration} alters it, so the migration would fail."
    hint = "Find out who dropped or moved it, and put it back. Or take the operation out of the migration."
    return finding("plan.E001", subject, message, hint, migration=migration)


def may_come(subject: str, *, migration: str, code: str) -> Finding:
    """The finding that such an object does not exist now, but earlier code of the plan may create it."""
    message = f"does not exist, but {migration} alters it. Whether the code of {code} creates it before is unknown."
    return finding("plan.W005", subject, message, f"Read the code of {code}.", migration=migration)


def runs_code(*, kinds: str) -> Finding:
    """The finding that the plan runs SQL, Python or custom operation classes, which were not checked."""
    message = f"runs code that was not checked: {kinds}."
    return finding("plan.W001", THE_PLAN, message, "Read it, and try it on a copy of the database.")


def not_judged(operations: int, *, kinds: str) -> Finding:
    """The finding that the plan has other operations on existing tables, which are not judged."""
    message = f"has {pluralize(operations, 'operation')} whose locks, rewrites and losses are not judged: {kinds}."
    return finding("plan.I001", THE_PLAN, message, MIGRATE_PLAN)


def may_be_dropped(subject: str, *, dump: str, migration: str) -> Finding:
    """The finding that code may drop a table or column.

    The code removes it from the models, and its text holds a word such as DROP; only reading it shows what it does.
    """
    message = (
        f"leaves the models in {migration}, whose code has a word for dropping. "
        "Whether its contents are lost is unknown."
    )
    return finding(
        "plan.W007",
        subject,
        message,
        f"Read the code. To keep it first: pg_dump --table '{dump}'.",
        migration=migration,
    )


def dropped_unseen(subject: str, *, migration: str, again: str) -> Finding:
    """The finding that the plan drops a table or column whose contents were not checked."""
    message = f"is dropped by {migration}{again}. Whether it holds anything was not checked."
    hint = "python manage.py precheck checks it, without --no-data and as a role that may read it."
    return finding("plan.W006", subject, message, hint, migration=migration)


def name_may_be_freed(name: str, *, found: str, migration: str, code: str) -> Finding:
    """The finding that a name is taken now, but earlier code of the plan may free it."""
    message = (
        f"exists already as {found}, but {migration} needs that name. "
        f"Whether the code of {code} frees it before is unknown."
    )
    return finding("plan.W004", name, message, f"Read the code of {code}.", migration=migration)


def needless(table: str, *, migration: str, number: int, operations: str, remade: str, rest: str) -> Finding:
    """The finding that operations drop an object and make it again as it was.

    `rest` are the statements of the operations that are needed all the same; empty for none.
    """
    message = f"has its {remade} dropped and made again as it was by {operations}. Nothing is lost without that."
    database = f"database_operations=[migrations.RunSQL('{rest}', reverse_sql=…)], " if rest else ""
    hint = (
        f"migrations.SeparateDatabaseAndState({database}state_operations=[…]) with the same operations for the state."
    )
    return finding("plan.W010", table, message, hint, migration=migration, operation=number)


def acceptance_expired(migration: str, *, accepts: str, until: str) -> Finding:
    """The finding that a migration accepts another finding only until a day that is over."""
    message = f"accepts {accepts} until {until} only, so that finding counts again."
    hint = "Do what that finding asks for, or give the acceptance a later date and the reason for it."
    return finding("plan.W011", migration, message, hint, migration=migration)


def acceptance_of_fewer_rows(migration: str, *, accepts: str, rows: str, found: str) -> Finding:
    """The finding that a migration accepts another finding for fewer rows than there are, or for an unknown number."""
    message = f"accepts {accepts} for at most {rows}, but {found}, so that finding counts again."
    return finding("plan.W012", migration, message, "Look at the rows, then raise max_rows=.", migration=migration)


def acceptance_unmatched(migration: str, *, accepts: str) -> Finding:
    """The finding that a migration accepts a finding that does not exist."""
    message = f"accepts {accepts}, but there is no such finding."
    hint = "Take the acceptance out of the migration, or correct its id or subject."
    return finding("plan.W013", migration, message, hint, migration=migration)


def acceptance_not_needed(migration: str, *, accepts: str) -> Finding:
    """The finding that a migration accepts a finding about rows or traffic, which this database does not have."""
    message = f"accepts {accepts}, which this database does not have."
    return finding("plan.I010", migration, message, "Nothing to do.", migration=migration)


def irreversible(migration: str, *, operation: str, number: int, at: str) -> Finding:
    """The finding that an operation has no reverse; `at` is its file and line."""
    message = (
        f"has an operation without a reverse: operation {number}, {operation} ({at}). After the deploy migrate cannot "
        "go back beyond it."
    )
    hint = "Give it reverse_code= or reverse_sql=; where there is nothing to undo, RunPython.noop or RunSQL.noop."
    return finding("plan.W014", migration, message, hint, migration=migration, operation=number)


def rollback_fails(migration: str, *, operation: int | None, code: str) -> Finding:
    """The finding that a migration could not be unapplied on the scratch database; `code` is the SQLSTATE."""
    where = f"operation {operation}" if operation else "its end"
    message = f"could not be unapplied on the scratch database: {meaning(code)}, in {where}."
    hint = "Change the operation, or give it another reverse, so that it can be unapplied."
    return finding("plan.W015", migration, message, hint, migration=migration, operation=operation)


def rollback_needs_no_rows(migration: str, *, table: str, columns: str) -> Finding:
    """The finding that unapplying a migration adds columns that are NOT NULL and have no value."""
    message = (
        f"can be unapplied only while {table} holds no row: its reverse adds {columns} as NOT NULL without a value."
    )
    hint = "In a migration before, give the field null=True or a db_default, and remove it then."
    return finding("plan.W016", migration, message, hint, migration=migration)


def fails(migration: str, *, operation: str, number: int, place: str, code: str, said: str) -> Finding:
    """The finding that an operation fails on this schema; `code` is the SQLSTATE, `said` PostgreSQL's own sentence."""
    message = f"would fail here in {operation}: {meaning(code)}{': ' if said else ''}{said}."
    app, _, name = migration.partition(".")
    hint = f"{advice(code, migration=f'{app} {name}')} The operation is at {place}.".strip()
    return finding("plan.E002", migration, message, hint, migration=migration, operation=number)


def validated_at_once(migration: str, *, operation: str, number: int, tables: str) -> Finding:
    """The finding that a constraint is added NOT VALID and validated in one transaction."""
    message = (
        f"validates a constraint of {tables} in the transaction that adds it NOT VALID ({operation}). "
        "The lock of the first statement is held while the second one reads the whole table."
    )
    hint = "Move the validation (ValidateConstraint or ValidateForeignKey) into a migration of its own."
    return finding("plan.E003", migration, message, hint, migration=migration, operation=number)


def needs_no_transaction(migration: str, *, operation: str, number: int) -> Finding:
    """The finding that a statement that cannot run in a transaction is in an atomic migration."""
    message = f"would fail here: {operation} cannot run in a transaction, and the migration is atomic."
    hint = "Write atomic = False into the migration class."
    return finding("plan.E004", migration, message, hint, migration=migration, operation=number)


def concurrently_on_partitioned(migration: str, *, operation: str, number: int) -> Finding:
    """The finding that an index is to be built concurrently on a partitioned table."""
    message = f"would fail here: {operation} works CONCURRENTLY, which PostgreSQL refuses on a partitioned table."
    hint = (
        "Create the index with ON ONLY on the parent, build it concurrently on each partition, then attach these "
        "with ALTER INDEX … ATTACH PARTITION (RunSQL with state_operations, atomic = False)."
    )
    return finding("plan.E005", migration, message, hint, migration=migration, operation=number)


def new_label_used(migration: str, *, operation: str, number: int) -> Finding:
    """The finding that an enum label is used in the transaction that adds it."""
    message = f"would fail here: {operation} uses an enum label that the same transaction adds."
    hint = "Split the migration: the first adds the label, the second uses it."
    return finding("plan.E006", migration, message, hint, migration=migration, operation=number)


def not_measured(subject: str, *, because: str, migration: str = "", hint: str = ANOTHER_SCRATCH) -> Finding:
    """The finding that the plan was not measured, or not from a migration on; `because` is a clause."""
    message = f"was not measured: {because}. Which locks it takes, and for how long, is unknown."
    return finding("plan.W008", subject, message, hint, migration=migration)


def other_version(measured_on: str, *, version: str) -> Finding:
    """The finding that the plan was measured on a server of another major version than that of the target."""
    message = f"was measured on PostgreSQL {measured_on}, and this server is {version}. Locks and scans may differ."
    hint = "Name an empty database on a server of the same version with --scratch-url."
    return finding("plan.W009", THE_PLAN, message, hint)


def proven_not_null(migration: str, *, operation: str, number: int, table: str) -> Finding:
    """The finding that SET NOT NULL reads no row, because a validated CHECK proves it."""
    message = f"sets NOT NULL on {table} without reading it, because a validated CHECK proves it ({operation})."
    hint = "The CHECK is not needed afterwards; a later migration may drop it."
    return finding("plan.I002", migration, message, hint, migration=migration, operation=number)
