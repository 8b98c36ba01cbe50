"""The safe form of an operation that locks a table for long: the hint of a finding, in Django's terms and ours."""

from __future__ import annotations

import re

OWN = "in a migration of its own with atomic = False"
CONCURRENT_INDEX = f"Write AddIndexConcurrently (django.contrib.postgres.operations) {OWN}."
INDEX_BESIDE_FIELD = (
    "Leave the index out of the field (db_index=False), declare it in Meta.indexes, and write AddIndexConcurrently "
    f"{OWN}."
)
INDEX_BY_SQL = (
    f'Write RunSQL("CREATE INDEX CONCURRENTLY …") {OWN}, with the operation of the model in state_operations.'
)
UNIQUE_INDEX = (
    f'Build it first: RunSQL("CREATE UNIQUE INDEX CONCURRENTLY …") {OWN}. Then SeparateDatabaseAndState with '
    'RunSQL("ALTER TABLE … ADD CONSTRAINT … UNIQUE USING INDEX …") and this operation in state_operations.'
)
UNIQUE_INDEX_ALONE = (
    f'Write SeparateDatabaseAndState with RunSQL("CREATE UNIQUE INDEX CONCURRENTLY …") {OWN}, and this operation in '
    "state_operations."
)
EXCLUSION = "PostgreSQL builds no exclusion constraint beside writers: migrate while nobody writes, with --max-stall 0."
REINDEX = f'Write RunSQL("REINDEX … CONCURRENTLY …") {OWN}.'
KEY = (
    "Give the field db_constraint=False, declare a ForeignKeyConstraint, and write AddForeignKeyNotValid, then "
    "ValidateForeignKey in the next migration (makemigrations does it)."
)
CHECK = (
    "Write AddConstraintNotValid (django.contrib.postgres.operations), then ValidateConstraint in the next migration."
)
INLINE_CHECK = (
    "Add the column without its CHECK (IntegerField for PositiveIntegerField). Then SeparateDatabaseAndState with "
    'RunSQL("ALTER TABLE … ADD CONSTRAINT … CHECK (…) NOT VALID") and AlterField in state_operations, and in the next '
    'migration RunSQL("ALTER TABLE … VALIDATE CONSTRAINT …").'
)
NOT_NULL = (
    "First write AddConstraintNotValid with CheckConstraint(condition=Q(…__isnull=False)) and ValidateConstraint, "
    "each in its own migration. Then PostgreSQL reads no row for this operation; RemoveConstraint afterwards."
)
READS_ROWS = "If it checks rows, write the constraint NOT VALID, and VALIDATE CONSTRAINT in the next migration."
NEW_COLUMN = (
    "Add the column with null=True and without this default, fill it in batches in a migration with atomic = False, "
    "then set db_default."
)
GENERATED = (
    "A stored generated column rewrites the table. Add a plain column with null=True, fill it in batches, and keep it "
    "with a trigger, or migrate while nobody uses the table, with --max-stall 0."
)
NEW_TYPE = (
    "Add a second column of the new type, fill it in batches in a migration with atomic = False, and switch with "
    "SeparateDatabaseAndState in a later release."
)
QUIET = "Migrate while nobody uses the table, with --max-stall 0, or copy the rows to a new table in batches."
FILL_FIRST = (
    "First fill the NULLs in batches: RunPython in a migration with atomic = False, before this one. Then "
    "AddConstraintNotValid with a CHECK that says so, ValidateConstraint, and SET NOT NULL by RunSQL with this "
    "operation in state_operations: with a default, it would send an UPDATE while the lock is held."
)
IN_BATCHES = (
    "Put the statement that writes rows into a migration of its own, and write in batches: RunPython in a migration "
    "with atomic = False."
)
CODE_APART = "Put the Python code into a migration of its own, so that no lock is held while it runs."
REMOVE_INDEX = f"Write RemoveIndexConcurrently (django.contrib.postgres.operations) {OWN}."
ON_QUIET_HOUR = "Migrate at a quiet hour, or accept this finding beside the migration, with a reason."


def safe_form(*, operation: str, sql: str, work: str) -> str:
    """Return what to write in place of an operation.

    `operation` is its class, `sql` its statement that takes the time, and `work` what the statement does: SCAN, KEY,
    INDEX, REWRITE, WRITE, ANY, or CODE for Python code.
    """
    text = re.sub(r'"(?:[^"]|"")*"', '""', sql)
    forms = {"CODE": CODE_APART, "WRITE": FILL_FIRST if operation == "AlterField" else IN_BATCHES, "KEY": KEY}
    if work in forms:
        return forms[work]
    return {"INDEX": _of_index, "REWRITE": _of_rewrite}.get(work, _of_scan)(operation, text)


def without_long_work(*, operation: str, sql: str) -> str:
    """Return what to write in place of an operation whose lock is short."""
    return REMOVE_INDEX if operation == "RemoveIndex" or sql.startswith("DROP INDEX") else ON_QUIET_HOUR


def apart(*, operation: int, later: int, form: str) -> str:
    """Return the hint for a lock that is held because a later operation of the same migration takes long."""
    return (
        f"Put operation {operation} into a migration of its own, so that its lock ends before operation {later}. "
        f"And for that one: {form}"
    )


def _of_index(operation: str, text: str) -> str:
    if "EXCLUDE" in text:
        return EXCLUSION
    if text.startswith("REINDEX"):
        return REINDEX
    if re.search(r"\b(UNIQUE|PRIMARY KEY)\b", text):
        return UNIQUE_INDEX_ALONE if "CREATE UNIQUE INDEX" in text else UNIQUE_INDEX
    if operation == "AddIndex":
        return CONCURRENT_INDEX
    return INDEX_BESIDE_FIELD if operation in {"AddField", "AlterField"} else INDEX_BY_SQL


def _of_scan(operation: str, text: str) -> str:
    if "SET NOT NULL" in text:
        return NOT_NULL
    if "ADD COLUMN" in text:
        return INLINE_CHECK
    return CHECK if operation == "AddConstraint" else READS_ROWS


def _of_rewrite(operation: str, text: str) -> str:
    if "GENERATED ALWAYS AS" in text:
        return GENERATED
    if "ADD COLUMN" in text:
        return NEW_COLUMN
    return NEW_TYPE if " TYPE " in text else QUIET
