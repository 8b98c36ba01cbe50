"""Refusals about the server, the database, the schema and the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrations_safety.messages.humanize import listed
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.wording import target as wording


class WrongDatabase(Refusal):
    """Raised where the connected database is not the one that `--expect-database` names."""

    id = "target.E001"
    message = 'The connected database is "{found}", but "{expected}" was expected. Nothing was checked.'
    hint = "Check DATABASE_URL or PGDATABASE, or correct --expect-database."


class WrongSchema(Refusal):
    """Raised where new tables would not go into the schema that `--expect-schema` names."""

    id = "target.E008"
    message = (
        'New tables would go into the schema "{found}" (search_path {path}), but "{expected}" was expected. '
        "Nothing was checked."
    )
    hint = "Correct the search_path of the role or the connection, or correct --expect-schema."


class NotOnCoordinator(Refusal):
    """Raised where an option cannot give a right answer for the tables of a distributed schema of Citus."""

    message = "{schema} is a distributed schema of Citus, and {option} is not for it: {reason}. Nothing was checked."
    hint = "Run the same command without this option: then every row is counted."


class NoSchema(Refusal):
    """Raised where no schema of the search_path exists, or where the first one belongs to the system."""

    id = "target.E007"
    message = 'The search_path of the role "{role}" {problem} ({path}). Nothing was checked.'

    def __init__(self, *, hint: str, **words: Any) -> None:
        super().__init__(**words)
        self.hint = hint


class HistoryElsewhere(Refusal):
    """Raised where `django_migrations` stands in another schema than the one where new tables are made."""

    id = "target.E009"
    message = (
        'Django\'s record of migrations is in the schema "{history}", but new tables would go into "{schema}", the '
        "first schema of the search_path ({path}). Nothing was checked."
    )

    def __init__(self, *, hint: str, **words: Any) -> None:
        super().__init__(**words)
        self.hint = hint


class WritesElsewhere(Refusal):
    """Raised where the code of a migration writes through another alias than the one that is migrated."""

    id = "target.E010"
    message = (
        'The code of {what} tried to write through the alias "{alias}". Only the database of "{own}" may change here. '
        "The statement was not sent, and the migration was not applied."
    )
    hint = (
        "Use schema_editor.connection.alias in the migration's code: Model.objects.using(alias), "
        "transaction.atomic(using=alias). Without --expect-database such a write is reported and sent."
    )


class StandbyCannotMigrate(Refusal):
    """Raised where a command that writes is connected to a standby."""

    id = "target.E002"
    message = 'The database "{name}" is a standby and read-only. Nothing was changed.'
    hint = "Connect to the primary. precheck and verify_patient_schema do work on a standby."


class EndedByRecovery(Refusal):
    """Raised where a standby cancelled every attempt to read, because of recovery conflicts."""

    id = "target.E006"
    message = 'The standby "{name}" cancelled our reads {times} times to replay changes. The result is unknown.'
    hint = (
        "On the standby, set hot_standby_feedback = on or raise max_standby_streaming_delay. Or read faster with more "
        "--jobs, or run this on the primary."
    )


class ReadWithoutRows(Refusal):
    """Raised where tables got new files in every attempt, between the snapshot and the first look at them."""

    id = "target.E013"
    message = (
        "Read {times} times, and each time TRUNCATE or a rewriting ALTER TABLE came between the snapshot and the first "
        "look at a table, which then has no rows: {tables}. The result is unknown."
    )
    hint = "Run the same command again when no other migration or maintenance is at work."

    def __init__(self, tables: Sequence[str], *, times: int) -> None:
        super().__init__(tables=listed(tables), times=times)


class ServerTooOld(Refusal):
    """Raised for a PostgreSQL before version 15, whose locks and catalogs were not measured."""

    id = "target.E003"
    message = "PostgreSQL {found} is too old; version 15 is the oldest that is supported. Nothing was checked."
    hint = "Upgrade the server first."


class DeployAlreadyRunning(Refusal):
    """Raised where another session holds the lock that `migrate` and `backfill_placeholders` take."""

    id = "target.E004"
    message = 'Another migrate or backfill_placeholders is running on "{name}". This one changed nothing.'
    hint = "Wait until it has finished, then run the same command again."


class PoolerRefused(Refusal):
    """Raised behind a connection pooler through which the locks and settings of a session do not hold."""

    id = "target.E005"
    message = 'The database "{name}" {what}. Nothing was changed.'

    def __init__(self, *, name: str, pooler: str) -> None:
        found = wording.pooler(name, pooler)
        super().__init__(name=name, what=found.message.partition(":")[0])
        self.hint = found.hint


class InsideTransaction(Refusal):
    """Raised where a transaction is already open: all batches would be part of it and keep their locks to its end."""

    message = (
        'A transaction is already open on "{name}". All batches would be part of it and keep their locks until it '
        "ends. Nothing was changed."
    )
    hint = "Run backfill_placeholders outside of any transaction (AUTOCOMMIT on, no atomic(); a TransactionTestCase)."
