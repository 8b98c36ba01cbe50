"""The refusals: every error that the app raises on purpose.

Each has its text as `message` (a docstring would be gone under `python -OO`), with the words that it is filled with.
None of them carries an identifier or any other content of a row, and neither does what they are raised from
reach the operator: see `migrations_safety.messages.errors`.
"""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import target as wording
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed


class Refusal(Exception):
    """The work was refused; `message` says why, `hint` what to type next."""

    message = "The work was refused."
    exit_code = 2
    hint = ""

    def __init_subclass__(cls) -> None:
        cls.__doc__ = cls.message

    def __init__(self, **words: Any) -> None:
        self.words = words
        super().__init__(self.message.format(**words))


class CouldNotLook(Refusal):
    message = "{reason}"

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason=reason)
        self.hint = hint


class WrongDatabase(Refusal):
    message = 'target.E001: connected to the database "{found}", but "{expected}" was expected; nothing was looked at.'
    hint = "Check DATABASE_URL or PGDATABASE, or correct --expect-database."


class WrongSchema(Refusal):
    message = (
        'target.E008: new tables are made in the schema "{found}" here (search_path {path}), but "{expected}" was '
        "expected; nothing was looked at."
    )
    hint = "Correct the search_path of the role or the connection, or --expect-schema."


class TableOfAnotherSchema(Refusal):
    message = (
        'tables.E009: the table {table} is not in the schema "{own}", and the one that the search_path finds in '
        '"{other}" is not ours; it was not touched.'
    )
    hint = "Restore the table in its schema, or name the other schema in the model's db_table."


class WritesElsewhere(Refusal):
    message = (
        'target.E010: {what} would write through the database alias "{alias}", but "{own}" is migrated and another '
        "database than the expected one must not change; that statement was not sent, the migration was not applied."
    )
    hint = (
        "In the migration's code use schema_editor.connection.alias: Model.objects.using(alias), "
        "transaction.atomic(using=alias); or migrate without --expect-database, which says it and goes on."
    )


class NoSchema(Refusal):
    message = 'target.E007: the search_path of the role "{role}" {problem} ({path}); nothing was looked at.'

    def __init__(self, *, hint: str, **words: Any) -> None:
        super().__init__(**words)
        self.hint = hint


class MayNotUseSchema(Refusal):
    message = (
        'privilege.E006: the role "{role}" may not use the schema {schema}, and no other of its search_path ({path}) '
        "exists; nothing was looked at."
    )

    def __init__(self, *, role: str, schema: str, path: str) -> None:
        super().__init__(role=role, schema=schema, path=path)
        self.hint = f"As its owner: GRANT USAGE ON SCHEMA {quote_if_needed(schema)} TO {quote_identifier(role)};"


class HistoryElsewhere(Refusal):
    message = (
        'target.E009: Django\'s record of migrations is in the schema "{history}", but new tables would be made in '
        '"{schema}", which comes first in the search_path ({path}); nothing was looked at.'
    )

    def __init__(self, *, hint: str, **words: Any) -> None:
        super().__init__(**words)
        self.hint = hint


class StandbyCannotMigrate(Refusal):
    message = 'target.E002: "{name}" is a standby, it is read only; nothing was changed.'
    hint = "Connect to the primary. precheck and verify_patient_schema do work on a standby."


class EndedByRecovery(Refusal):
    message = 'target.E006: the standby "{name}" ended our reading {times} times to catch up; nothing is known.'
    hint = (
        "On the standby, set hot_standby_feedback = on or a longer max_standby_streaming_delay; or count with more "
        "--jobs; or look at the primary."
    )


class CensusRefused(Refusal):
    message = "The census in {file} cannot be used: {reason}; nothing was changed."
    hint = "Take a new one: python manage.py precheck --database ALIAS --format json --output FILE"


class IdPatternRefused(Refusal):
    message = "{name} cannot be used: {reason}; nothing was looked at."

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(name=name, reason=reason)
        self.hint = f"Set {name} to a regular expression of PostgreSQL for a whole id, such as [A-Z]{{3}}-[0-9]{{6}}."


class ServerTooOld(Refusal):
    message = (
        "target.E003: PostgreSQL {found} is older than 15, the oldest version this works on; nothing was looked at."
    )
    hint = "Upgrade the server first."


class DeployAlreadyRunning(Refusal):
    message = 'target.E004: another migrate or backfill_placeholders is at work on "{name}"; this one changed nothing.'
    hint = "Wait until it has finished, then run the same command again."


class Undone(Refusal):
    message = "{what} was undone, {rest}."

    def __init__(self, *, is_whole: bool = True, **words: Any) -> None:
        super().__init__(rest=WHOLE if is_whole else NOT_WHOLE, **words)
        self.hint = self.hint if is_whole else f"{self.hint} {BEGINS_ANEW}"


class LocksNotFree(Undone):
    message = "{what} did not get its locks within {seconds} s, held by {held_by}; it was undone, {rest}."
    hint = "Run the same command again when that session has ended, or with a longer --retry-for."


class GaveWay(Undone):
    message = (
        "{what} waited for {held_by} while others waited for it: it gave way after {seconds} s and was undone, {rest}."
    )
    hint = "Run it at a quieter hour, or with a larger --max-stall (milliseconds)."


class OthersWaited(Undone):
    message = "{what} made others wait longer than --max-stall, tried for {seconds} s; it was undone, {rest}."
    hint = "Run it at a quieter hour, or with a larger --max-stall (milliseconds; 0: others wait until it is done)."


WHOLE = "nothing is half done"
NOT_WHOLE = "what a migration that is not atomic did before it is kept"
BEGINS_ANEW = "The migration then begins at its first operation: see before what it has done already."


class InvalidIndexLeft(Refusal):
    message = (
        "The index {index} on {table} could not be built, and what is left of it is invalid: every write pays for it."
    )

    def __init__(self, *, index: str, table: str) -> None:
        super().__init__(index=index, table=table)
        self.hint = f"DROP INDEX CONCURRENTLY {index};"


class StandbysBehind(Refusal):
    message = "Paused for ten minutes, {reason}; what was done so far is kept."
    hint = "Look at pg_stat_replication and pg_stat_archiver, then run again; --max-lag 0 goes on regardless."


class TablesMissing(Refusal):
    message = "tables.E001: {missing} is not there; nothing was changed."
    hint = "Check that this is the right database and schema (--expect-database, --expect-schema)."


class BaselineIncomplete(Refusal):
    message = "tables.E002: only a part of what {migration} adopts is there, {missing} is missing; nothing was changed."
    hint = "Check that this is the right database, restore what is missing, or start from an empty one."


class MayNotRead(Refusal):
    message = 'privilege.E001: the role "{role}" may not read {tables}; nothing was looked at.'

    def __init__(self, *, role: str, tables: list[str], grant_on: list[str]) -> None:
        super().__init__(role=role, tables=", ".join(tables))
        self.hint = f"As the tables' owner: GRANT SELECT ON {', '.join(grant_on)} TO {quote_identifier(role)};"


class MayNotRecord(Refusal):
    message = "{found}; nothing was changed."

    def __init__(self, found: list[Finding]) -> None:
        super().__init__(found="; ".join(f"{one.id}: {one.subject} {one.message.rstrip('.')}" for one in found))
        self.hint = " ".join(one.hint for one in found)


class RowsHidden(Refusal):
    message = (
        'privilege.E005: row-level security hides rows of {tables} from the role "{role}"; nothing is known of them.'
    )

    def __init__(self, *, role: str, tables: list[str]) -> None:
        super().__init__(role=role, tables=", ".join(tables))
        self.hint = f"ALTER ROLE {quote_identifier(role)} BYPASSRLS; or run as a role that has it."


class DefinitionDiffers(Refusal):
    message = 'tables.E003: the {kind} "{name}" is there with another definition: declared {declared}, found {found}.'
    hint = "Rename or drop the one that is there, then run the same command again; it was left as it is."

    def __init__(self, *, kind: str, name: str, declared: Any, found: Any) -> None:
        super().__init__(kind=kind, name=name, declared=", ".join(declared), found=", ".join(found))


class KeyMissing(Refusal):
    message = "The foreign key {constraint} is not on {table}, so it cannot be validated."
    hint = "Migrate back to before it was added, then forward again."


class OrphansLeft(Refusal):
    message = '{table}."{column}": {values} in {rows} without a row in {target}; the key stays NOT VALID.'
    hint = "python manage.py backfill_placeholders, then python manage.py migrate again: it goes on where it stopped."


class NotNullable(Refusal):
    message = (
        'references.E004: {table}."{column}" is NOT NULL, its references cannot be set to NULL; nothing was changed.'
    )
    hint = "Run backfill_placeholders without --nullify for this table."


class RowsWithoutName(Refusal):
    message = (
        "{table} has no column that is unique and names its rows, so no old value could be kept; nothing was changed."
    )
    hint = "Run backfill_placeholders without --nullify for this table."


class NotNullified(Refusal):
    message = "{rows} of {table} without a parent could not be set to NULL; the others were."
    hint = "Look for a trigger or rule on the table that keeps the old value, then run the same command again."


class TypesDiffer(Refusal):
    message = "{id}: {subject} {message}{others}; nothing was changed."

    def __init__(self, found: list[Finding]) -> None:
        first, *others = found
        more = f"; the same of {', '.join(one.subject for one in others)}" if others else ""
        super().__init__(id=first.id, subject=first.subject, message=first.message.rstrip("."), others=more)
        self.hint = first.hint


class PlanWouldFail(TypesDiffer):
    message = TypesDiffer.message


class PoolerRefused(Refusal):
    message = 'target.E005: "{name}" {what}; nothing was changed.'

    def __init__(self, *, name: str, pooler: str) -> None:
        found = wording.pooler(name, pooler)
        super().__init__(name=name, what=found.message.partition(":")[0])
        self.hint = found.hint


class InsideTransaction(Refusal):
    message = (
        'A transaction is open already on "{name}", in which the batches would be one, with all their locks held to '
        "its end; nothing was changed."
    )
    hint = "Run backfill_placeholders outside of any transaction (AUTOCOMMIT on, no atomic(); a TransactionTestCase)."


class NobodyWatches(Refusal):
    message = "Nobody would see who waits behind this migration: {reason}; nothing was changed."
    hint = (
        "Free a second connection (CONNECTION LIMIT of the role, max_connections, size of the pool), or add "
        "--max-stall 0: then it runs unwatched, and others wait behind each of its statements as long as that takes."
    )


class UnknownReference(Refusal):
    message = "{table} is not a table whose references this backfill covers; nothing was changed."

    def __init__(self, *, table: str, known: list[str]) -> None:
        super().__init__(table=table)
        self.hint = f"--nullify takes one of: {', '.join(known)}."


class TablesRefused(Refusal):
    message = (
        "{migration} makes the tables that are needed first, but precheck blocks it: {findings}; nothing was changed."
    )

    def __init__(self, *, migration: str, findings: str) -> None:
        super().__init__(migration=migration, findings=findings)
        app, _, name = migration.partition(".")
        self.hint = f"python manage.py precheck {app} {name} shows all findings."


class BaselineHoldsRows(Refusal):
    message = "Going back through {migration} would drop {tables} and the rows in there; nothing was changed."
    exit_code = 1

    def __init__(self, *, migration: str, tables: list[str]) -> None:
        super().__init__(migration=migration, tables=", ".join(tables))
        app, _, name = migration.partition(".")
        self.hint = f"python manage.py migrate {app} {name} goes back as far as these tables and no further."


class Irreversible(Refusal):
    message = "{migration} cannot be taken back: {operation} has no reverse; nothing was changed."
    exit_code = 1

    def __init__(self, *, migration: str, operation: str) -> None:
        super().__init__(migration=migration, operation=operation)
        app, _, name = migration.partition(".")
        self.hint = f"Give it one, or go back no further than: python manage.py migrate {app} {name}"


class NothingRegistered(Refusal):
    message = "No app has registered {what}."
    hint = "Register it in the app's AppConfig.ready(); docs/other-projects.md shows how."
