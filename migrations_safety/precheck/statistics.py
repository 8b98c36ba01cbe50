"""The file of `--write-statistics`: the figures of all tables of a database that others may not reach.

The figures are sizes, counts and rates by the names of tables. No value of a row is among them.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import StatisticsRefused
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.table_figures import SavedFigures, TableFigures, figures, read_counters
from migrations_safety.postgresql.target import Target, connect

PAUSE = 2.0
"""Seconds between the two readings. A session reports its counters once a second at most."""
WORDS = {"table", "schema", "partition_of"}
TRUTHS = {"is_used"}
WHOLE = {"oid", "rows", "bytes", "index_bytes", "indexes", "keys", "open_transactions"}
NEVER_MISSING = {"table", "schema", "oid", "bytes", "index_bytes", "indexes", "keys"}


def take(
    *,
    using: str,
    file: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    progress: Progress | None = None,
) -> tuple[Target, SavedFigures]:
    """Read the figures of all tables of the database with the alias `using`, for the file `file`.

    SELECT on no table is needed, and a standby will do. Raises a subclass of Refusal where the database cannot be
    looked at.
    """
    connection = connection_of(using)
    progress = progress or Progress()
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    earlier = read_counters(connection)
    progress.say(f"Reading the statistics twice, {PAUSE:g} s apart …")
    time.sleep(PAUSE)
    found = in_snapshot(connection, lambda: figures(connection, earlier=earlier), progress=progress)
    return target, SavedFigures(
        file=file,
        taken_at=datetime.now(UTC),
        database=target.name,
        host=target.host,
        in_recovery=target.in_recovery,
        figures=found,
    )


def as_text(saved: SavedFigures) -> str:
    """Return the content of the file."""
    content = {
        "command": "precheck --write-statistics",
        "schema_version": 1,
        "taken_at": saved.taken_at.isoformat(timespec="seconds"),
        "database": {"name": saved.database, "host": saved.host, "in_recovery": saved.in_recovery},
        "tables": [asdict(one) for one in saved.figures.values()],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read(file: str, *, now: datetime) -> SavedFigures:
    """Read a file of `--write-statistics`; `now` is the moment from which its age is counted.

    Whose transactions were open then says nothing of now, so these figures are not known. Raises StatisticsRefused for
    a file that cannot be used.
    """
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
        if found["command"] != "precheck --write-statistics":
            raise StatisticsRefused(file=file, problem="it was not written by precheck --write-statistics")
        tables = [_figures(one) for one in found["tables"]]
        taken_at = _moment(found["taken_at"])
        return SavedFigures(
            file=file,
            taken_at=taken_at,
            age=max((now - taken_at).total_seconds(), 0),
            database=_kept(str, found["database"]["name"]),
            host=_kept(str, found["database"]["host"]),
            in_recovery=_kept(bool, found["database"]["in_recovery"]),
            figures={one.table: one for one in tables},
        )
    except OSError as error:
        raise StatisticsRefused(file=file, problem=f"it cannot be read, {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StatisticsRefused(file=file, problem="it was not written by precheck --write-statistics") from None


def _figures(found: dict[str, Any]) -> TableFigures:
    values = {field.name: _value(field.name, found[field.name]) for field in fields(TableFigures)}
    return replace(TableFigures(**values), open_transactions=None, longest_transaction_seconds=None)


def _value(name: str, value: Any) -> Any:
    if value is None and name not in NEVER_MISSING:
        return None
    if name in WORDS:
        return _kept(str, value)
    if name in TRUTHS:
        return _kept(bool, value)
    number = _kept(int, value) if name in WHOLE or type(value) is int else _kept(float, value)
    if not 0 <= number < float("inf"):
        raise ValueError
    return number


def _kept(kind: type[Any], value: Any) -> Any:
    """Return a value that is exactly of this type; raises TypeError for any other."""
    if type(value) is not kind:
        raise TypeError
    return value


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(_kept(str, text))
    if moment.tzinfo is None:
        raise ValueError
    return moment
