"""Writes the archive: pg_dump and our counts see one snapshot, and the archive gets its name when both are done."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import psycopg

from migrations_safety.backup.destination import Destination
from migrations_safety.backup.disk_space import refuse_small_disk
from migrations_safety.backup.dump import (
    HELD,
    LOCK_WAIT,
    DumpProgress,
    dump_command,
    pour,
    refuse_failed_dump,
    wait_for,
)
from migrations_safety.backup.manifest import CUSTOM, DIRECTORY, CountedTable, checksum
from migrations_safety.backup.options import BackupOptions
from migrations_safety.backup.source import (
    DumpedTable,
    Snapshot,
    count_rows,
    exported_snapshot,
    refuse_rewritten,
    tables_of,
)
from migrations_safety.backup.whole_file import WholeFile, sync_folder, whole_folder
from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.backup import NoBackup
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.guarded_program import GuardedProgram, guarded_program
from migrations_safety.postgresql.programs import Program, environment
from migrations_safety.postgresql.second_connection import role_parameters


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """An archive that is whole, and what was counted in its snapshot."""

    bytes: int
    sha256: str
    snapshot: Snapshot
    counted: tuple[CountedTable, ...]
    seconds: float
    path: Path
    """Its path; that of a file which has no name yet where it gets one later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dump:
    """What is dumped where."""

    connection: Connection
    destination: Destination
    options: BackupOptions
    pg_dump: Program
    progress: Progress

    @property
    def folder(self) -> Path:
        """The folder of the archive."""
        return self.destination.path.parent


def write_archive(dump: Dump, file: WholeFile | None) -> Written:
    """Write the archive to `file`, or without it to a folder, which then gets its name; return what it is.

    Raises NoBackup or DiskTooSmall where there is none then.
    """
    started = time.monotonic()
    with exported_snapshot(dump.connection) as snapshot:
        tables = _tables(snapshot)
        size = sum(one.bytes for one in tables)
        refuse_small_disk(dump.folder, bytes=size)
        with (
            dump.progress.steps(f"Dumping {dump.destination.path.name}, bytes of tables", total=size) as advance,
            _counted(snapshot, tables) as counting,
        ):
            advancing = DumpProgress(tables=tables, advance=advance)
            if file:
                bytes, sha256 = _write_file(dump, file, snapshot, advancing, counting)
                path = Path(file.readable)
            else:
                bytes, sha256, path = _write_folder(dump, snapshot, advancing, counting)
            advance(size)
        return Written(
            bytes=bytes,
            sha256=sha256,
            snapshot=snapshot,
            counted=tuple(counting.result()),
            seconds=time.monotonic() - started,
            path=path,
        )


def _tables(snapshot: Snapshot) -> list[DumpedTable]:
    try:
        return tables_of(snapshot.session)
    except psycopg.errors.LockNotAvailable:
        reason = f"another session has held the lock of a table for longer than {LOCK_WAIT}"
        raise NoBackup(reason, hint=HELD) from None


@contextmanager
def _counted(snapshot: Snapshot, tables: Sequence[DumpedTable]) -> Iterator[Future[list[CountedTable]]]:
    """Count the rows beside the dump; after an error of the dump, the counting ends at once."""
    with ThreadPoolExecutor(1) as thread:
        counting = thread.submit(count_rows, snapshot.session, tables)
        try:
            yield counting
        except BaseException:
            with suppress(psycopg.Error):
                snapshot.session.cancel()
            snapshot.session.close()
            raise


def _write_file(
    dump: Dump, file: WholeFile, snapshot: Snapshot, advancing: DumpProgress, counting: Future[list[CountedTable]]
) -> tuple[int, str]:
    parameters = role_parameters(dump.connection)
    command = dump_command(dump.pg_dump, parameters, snapshot=snapshot.name, format=CUSTOM, jobs=1, folder=None)
    with guarded_program(command, environment=environment(parameters), stdout=PIPE) as program:
        written = pour(program.stdout, file.stream, at=dump.folder, look=_looking(advancing, program))
        refuse_failed_dump(program, name="pg_dump", at=dump.folder)
    _settle(counting, snapshot)
    return written


def _write_folder(
    dump: Dump, snapshot: Snapshot, advancing: DumpProgress, counting: Future[list[CountedTable]]
) -> tuple[int, str, Path]:
    parameters = role_parameters(dump.connection)
    with whole_folder(dump.destination.path) as hidden:
        how: dict[str, Any] = {"format": DIRECTORY, "jobs": dump.options.jobs, "folder": hidden}
        command = dump_command(dump.pg_dump, parameters, snapshot=snapshot.name, **how)
        with guarded_program(command, environment=environment(parameters), folder=hidden.parent) as program:
            wait_for(program, at=dump.folder, look=_looking(advancing, program))
            refuse_failed_dump(program, name="pg_dump", at=dump.folder)
        _settle(counting, snapshot)
        for file in hidden.iterdir():
            file.chmod(0o600)
        bytes, sha256 = checksum(hidden)
        path = dump.destination.take(lambda one: _rename(hidden, one))
    return bytes, sha256, path


def _rename(folder: Path, path: Path) -> None:
    if os.path.lexists(path):  # an empty folder would be replaced
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    folder.rename(path)
    sync_folder(path.parent)


def _looking(advancing: DumpProgress, program: GuardedProgram) -> Callable[[], None]:
    return lambda: advancing.look(program)


def _settle(counting: Future[list[CountedTable]], snapshot: Snapshot) -> None:
    """Wait for the counts before the archive appears: without them it has no manifest."""
    try:
        counting.result()
    except psycopg.Error as error:
        reason = f"counting its rows failed with SQLSTATE {error.sqlstate or 'unknown'}"
        raise NoBackup(reason, hint="Run the same command again.") from None
    refuse_rewritten(snapshot, NoBackup)
