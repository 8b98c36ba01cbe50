"""The gate of `migrate --rehearsed FILE`: the deploy must be the one that was rehearsed, on the database as it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import sql

from migrations_safety.audit import run_log
from migrations_safety.messages.humanize import listed
from migrations_safety.messages.refusals.rehearsal import NotRehearsed, RehearsalFileRefused
from migrations_safety.plan import planned_steps
from migrations_safety.postgresql.catalog_fingerprint import catalog_fingerprint, database_identity
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement

FACTOR = 2
"""By how much a table may have grown since the rehearsal."""
FEW = 100
"""A table with fewer rows than this counts as if it had so many: nothing takes long on it."""
USUAL = timedelta(hours=72)
MIGRATE = "migrate"
"""How a forecast names the whole command; the names of its migrations have a point."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """What `migrate` reads of the report of a rehearsal, and how old that may be."""

    file: str
    checksum: str
    within: timedelta
    counts_keys_only: bool
    """Whether a rehearsal with made-up rows counts."""
    is_keys_only: bool
    verdict: str
    finished_at: datetime
    basis: dict[str, Any]
    copy_major: int
    place: str
    """Where the copy was; the next rehearsals on copies there learn from this deploy."""
    forecast: dict[str, dict[str, float]]

    def stands_on(self) -> dict[str, Any]:
        """Return what the record of runs keeps of it."""
        return {
            "name": Path(self.file).name,
            "checksum": self.checksum,
            "verdict": self.verdict,
            "finished_at": self.finished_at.isoformat(),
            **({"keys_only": True} if self.is_keys_only else {}),
            "place": self.place,
        }

    def beside(self, took: dict[str, float], *, whole: float) -> dict[str, dict[str, float]]:
        """Return forecast and fact of each migration that ran, and of `migrate` if all did, in seconds."""
        facts = took | ({MIGRATE: whole} if {one for one in self.forecast if "." in one} <= took.keys() else {})
        return {
            step: {name: self.forecast[step][name] for name in ("measured", "least", "most")} | {"took": seconds}
            for step, seconds in facts.items()
            if step in self.forecast
        }


def read(file: str, *, within: timedelta, counts_keys_only: bool = False) -> Rehearsed:
    """Read a report of `rehearse --format json --output FILE`.

    Raises RehearsalFileRefused where the file cannot be read or is no such report.
    """
    try:
        content = Path(file).read_bytes()
        report = json.loads(content)
        if report["command"] != "rehearse":
            raise ValueError
        basis = report["basis"]
        return Rehearsed(
            file=file,
            checksum=hashlib.sha256(content).hexdigest(),
            within=within,
            counts_keys_only=counts_keys_only,
            is_keys_only=bool(report["copy"].get("keys_only")),
            verdict=str(report["verdict"]),
            finished_at=_moment(report["finished_at"]),
            basis={
                "identity": (basis["system_identifier"], int(basis["database_oid"])),
                "major": int(basis["server_major"]),
                "migrations": {str(label): str(one) for label, one in basis["migrations"].items()},
                "catalogs": (str(basis["catalog"]), str(basis["catalog_before_migrate"])),
                "rows": {str(table): int(rows) for table, rows in basis["rows"].items()},
            },
            copy_major=int(report["copy"]["server_version"].partition(".")[0]),
            place=str(report["copy"]["place"]),
            forecast={str(one["step"]): one for one in report["forecast"]},
        )
    except OSError as error:
        raise RehearsalFileRefused(file=file, problem=f"cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RehearsalFileRefused(file=file, problem="is not a JSON report of rehearse") from None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found


def refuse_unrehearsed(
    connection: Connection, rehearsed: Rehearsed, *, app_label: str | None, migration_name: str | None
) -> None:
    """Raise NotRehearsed where the rehearsal is not of this deploy on this database as it is now.

    Where no migration is pending, nothing is refused. A deploy that began with the same report, and was killed or has
    failed, may go on: then the schema is neither that from before nor that from after.
    """
    pending = planned_steps.read(connection, app_label=app_label, migration_name=migration_name).checksums
    if not pending:
        return
    goes_on = _has_begun(connection, rehearsed)
    reasons = [*_of_file(rehearsed), *_of_plan(rehearsed, pending, goes_on=goes_on)]
    reasons += _of_database(connection, rehearsed, goes_on=goes_on)
    if reasons:
        raise NotRehearsed(file=rehearsed.file, reasons="; ".join(reasons))


def _of_file(rehearsed: Rehearsed) -> Iterator[str]:
    if rehearsed.verdict != "passed":
        yield f"its verdict is {rehearsed.verdict}"
    if rehearsed.is_keys_only and not rehearsed.counts_keys_only:
        yield "its rows were made up (--rehearsed-keys-only lets it count)"
    age = datetime.now(UTC) - rehearsed.finished_at
    if age > rehearsed.within:
        hours, most = age.total_seconds() / 3600, rehearsed.within.total_seconds() / 3600
        yield f"it is {hours:,.1f} hours old, and {most:g} are allowed (--rehearsed-within)"
    if age < -timedelta(minutes=5):
        yield "it ends in the future"


def _of_plan(rehearsed: Rehearsed, pending: dict[str, str], *, goes_on: bool) -> Iterator[str]:
    """Say what differs; the first migrations may be applied by now, as `backfill_placeholders` does it."""
    known = rehearsed.basis["migrations"]
    may_be_fewer = goes_on or rehearsed.basis["catalogs"][1] != "None"
    expected = list(known)[-len(pending) :] if may_be_fewer else list(known)
    if list(pending) != expected:
        yield "other migrations are pending"
    if changed := [label for label, checksum in pending.items() if known.get(label, checksum) != checksum]:
        yield f"{listed(changed)} has changed"


def _of_database(connection: Connection, rehearsed: Rehearsed, *, goes_on: bool) -> Iterator[str]:
    basis = rehearsed.basis
    if database_identity(connection) != basis["identity"]:
        yield "it is of another database"
        return
    major = connection.pg_version // 10000
    if {major} != {basis["major"], rehearsed.copy_major}:
        yield f"the database is on PostgreSQL {major}, and the copy was on {rehearsed.copy_major}"
    if not goes_on and catalog_fingerprint(connection) not in basis["catalogs"]:
        yield "the schema of the database has changed"
    if grown := list(_grown(connection, basis["rows"])):
        yield f"{listed(grown)} has more than {FACTOR} times the rows"


def _grown(connection: Connection, rows: dict[str, int]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement("rehearsed.estimates"), {})
        for schema, table, estimate in cursor.fetchall():
            name, now = f"{schema}.{table}", estimate
            if now is None:  # small enough to count
                cursor.execute(sql.SQL(statement("rehearsed.count")).format(table=sql.Identifier(schema, table)))
                now = cursor.fetchone()[0]
            if name in rows and now > FACTOR * max(rows[name], FEW):
                yield table


def _has_begun(connection: Connection, rehearsed: Rehearsed) -> bool:
    """Return whether a run that stands on the same report was recorded, so that this one goes on with its work."""
    if not run_log.tables_exist(connection):
        return False
    for event in run_log.events(connection):
        details = json.loads(event.details) if isinstance(event.details, str) else event.details
        behind = (details.get("stands_on") or {}).get("rehearsal") or {}
        if event.event == "started" and behind.get("checksum") == rehearsed.checksum:
            return True
    return False
