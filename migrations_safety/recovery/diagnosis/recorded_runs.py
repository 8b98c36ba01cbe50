"""Reads the last runs from their record, and what the last deploy was to apply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from migrations_safety.audit import run_log
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows

MIGRATE, BACKFILL = "migrate", "backfill_placeholders"
TOGETHER = timedelta(hours=12)
"""How long before the last run of a deploy its first one may have begun."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One run, as its first and its last event tell it."""

    run_id: str
    started_at: datetime
    asked: Any
    event: str
    ended_at: datetime
    told: Any

    @property
    def command(self) -> str:
        """The name of the command."""
        return str(_details(self.asked).get("command", ""))

    @property
    def host(self) -> str:
        """The machine on which it ran."""
        return str(_details(self.asked).get("host", ""))

    @property
    def arguments(self) -> dict[str, Any]:
        """The options that it was given."""
        return dict(_details(self.asked).get("arguments") or {})

    @property
    def migrations(self) -> tuple[str, ...]:
        """The labels of the migrations that it was to apply or to unapply."""
        return tuple(_details(self.asked).get("checksums") or ())

    @property
    def goes_back(self) -> bool:
        """Whether it was to unapply these migrations."""
        return bool(_details(self.asked).get("goes_back")) or self.command.startswith("rollback_")

    @property
    def work(self) -> tuple[object, ...]:
        """What kind of work it was; a later run of the same kind can end it."""
        return self.command, self.goes_back, bool(self.arguments.get("restore_nullified"))

    @property
    def again(self) -> tuple[str, ...]:
        """The command and the arguments that say what it was about, to be typed again."""
        given = self.arguments
        words = [str(given[name]) for name in ("app_label", "migration_name") if given.get(name)]
        words = words if self.command in {MIGRATE, "rollback_migrations"} else []
        for table in given.get("nullify") or ():
            words += ["--nullify", str(table)]
        words += ["--restore-nullified"] if given.get("restore_nullified") else []
        words += ["--keys-only"] if given.get("keys_only") else []
        words += ["--keep-dropped"] if given.get("keep_dropped") else []
        for label in given.get("accepted_code") or ():
            words += ["--accept-code", str(label)]
        if given.get("discard"):  # what is lost already is counted with it
            words += [str(given.get("discard_option") or "--discard-rows"), str(given["discard"])]
        words += ["--leave-nullified", str(given["leave_nullified"])] if given.get("leave_nullified") else []
        return (self.command, *words)

    @property
    def stands_on(self) -> dict[str, Any]:
        """The backup and the rehearsal that stood behind it, by these names."""
        return dict(_details(self.asked).get("stands_on") or {})

    @property
    def end(self) -> dict[str, Any]:
        """The details of its last event."""
        return _details(self.told)

    @property
    def has_ended(self) -> bool:
        """Whether its end is recorded."""
        return self.event != "started"

    @property
    def has_finished(self) -> bool:
        """Whether it reached its end."""
        return self.event == "finished"

    @property
    def did(self) -> dict[str, list[str]]:
        """What a finished `migrate` did: labels of migrations under `applied`, `unapplied` and others."""
        return dict(self.end.get("did") or {})


def recorded(connection: Connection) -> list[Recorded]:
    """Return the last runs, the newest first; none where nothing was ever recorded."""
    if not run_log.tables_exist(connection):
        return []
    return rows(connection, "recorded_runs.runs", {}, Recorded)


def last_deploy(runs: Sequence[Recorded]) -> Recorded | None:
    """Return the last `migrate` that changed something or has not finished."""
    return next((one for one in runs if one.command == MIGRATE and (one.did or not one.has_finished)), None)


def last_of(runs: Sequence[Recorded], command: str) -> Recorded | None:
    """Return the last finished run of a command."""
    return next((one for one in runs if one.command == command and one.has_finished), None)


def backup_since(runs: Sequence[Recorded], taken_at: datetime | None) -> Recorded | None:
    """Return the last `backup_database` that finished, if it began after `taken_at`, the time of a known backup."""
    run = last_of(runs, "backup_database")
    return run if run and (taken_at is None or run.started_at > taken_at) else None


def _details(event: Any) -> dict[str, Any]:
    found = json.loads(event) if isinstance(event, str) else event
    return found if isinstance(found, dict) else {}


def deployed(runs: Sequence[Recorded]) -> list[str]:
    """Return the labels of the migrations that the runs of the last deploy were to apply, in their order.

    Runs of `migrate` that began less than TOGETHER before the last one belong to the same deploy.
    """
    last = last_deploy(runs)
    if last is None:
        return []
    of_deploy = [
        one for one in runs if one.command == MIGRATE and timedelta() <= last.started_at - one.started_at <= TOGETHER
    ]
    return [label for one in reversed(of_deploy) for label in one.did.get("applied", one.migrations)]
