"""Refusals about the server, the database, the schema and the session."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.wording import target as wording


class WrongDatabase(Refusal):
    """`--expect-database` names another database."""

    id = "target.E001"
    message = 'The connected database is "{found}", but "{expected}" was expected. Nothing was checked.'
    hint = "Check DATABASE_URL or PGDATABASE, or correct --expect-database."


class WrongSchema(Refusal):
    """`--expect-schema` names another schema."""

    id = "target.E008"
    message = (
        'New tables would go into the schema "{found}" (search_path {path}), but "{expected}" was expected. '
        "Nothing was checked."
    )
    hint = "Correct the search_path of the role or the connection, or correct --expect-schema."


class NoSchema(Refusal):
    """No schema of the search_path exists, or the first one is the system's."""

    id = "target.E007"
    message = 'The search_path of the role "{role}" {problem} ({path}). Nothing was checked.'

    def __init__(self, *, hint: str, **words: Any) -> None:
        super().__init__(**words)
        self.hint = hint


class HistoryElsewhere(Refusal):
    """`django_migrations` is found in a later schema of the search_path."""

    id = "target.E009"
    message = (
        'Django\'s record of migrations is in the schema "{history}", but new tables would go into "{schema}", the '
        "first schema of the search_path ({path}). Nothing was checked."
    )

    def __init__(self, *, hint: str, **words: Any) -> None:
        super().__init__(**words)
        self.hint = hint


class WritesElsewhere(Refusal):
    """Code of a migration writes through another alias than the one that is migrated."""

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
    """The command wants to write."""

    id = "target.E002"
    message = '"{name}" is a standby and read-only. Nothing was changed.'
    hint = "Connect to the primary. precheck and verify_patient_schema do work on a standby."


class EndedByRecovery(Refusal):
    """A recovery conflict ended every attempt to read."""

    id = "target.E006"
    message = 'The standby "{name}" cancelled our reads {times} times to replay changes. The result is unknown.'
    hint = (
        "On the standby, set hot_standby_feedback = on or raise max_standby_streaming_delay. Or read faster with more "
        "--jobs, or run this on the primary."
    )


class ServerTooOld(Refusal):
    """Locks and catalogs of older versions were not measured."""

    id = "target.E003"
    message = "PostgreSQL {found} is too old; version 15 is the oldest that is supported. Nothing was checked."
    hint = "Upgrade the server first."


class DeployAlreadyRunning(Refusal):
    """Somebody else holds the deploy lock."""

    id = "target.E004"
    message = 'Another migrate or backfill_placeholders is running on "{name}". This one changed nothing.'
    hint = "Wait until it has finished, then run the same command again."


class PoolerRefused(Refusal):
    """Session locks and settings mean nothing through such a pooler."""

    id = "target.E005"
    message = 'The database "{name}" {what}. Nothing was changed.'

    def __init__(self, *, name: str, pooler: str) -> None:
        found = wording.pooler(name, pooler)
        super().__init__(name=name, what=found.message.partition(":")[0])
        self.hint = found.hint


class InsideTransaction(Refusal):
    """The batches would be one transaction, and their locks would be held to its end."""

    message = (
        'A transaction is already open on "{name}". All batches would be part of it and keep their locks until it '
        "ends. Nothing was changed."
    )
    hint = "Run backfill_placeholders outside of any transaction (AUTOCOMMIT on, no atomic(); a TransactionTestCase)."
