"""Runs pg_dump in a snapshot of ours, and writes what it says to an archive that appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from migrations_safety.backup.disk_space import refuse_full_disk
from migrations_safety.backup.source import DumpedTable
from migrations_safety.messages.refusals.backup import NoBackup
from migrations_safety.postgresql.guarded_program import GuardedProgram
from migrations_safety.postgresql.programs import Program, conninfo

CHUNK = 1024 * 1024
GLANCES = 0.5
"""How many seconds pass between two looks at the disk and at the progress."""
LOCK_WAIT = "60s"
"""How long pg_dump waits for a lock; it takes ACCESS SHARE on every table, and gives up where one is altered."""
NOT_OURS = ("client_encoding",)
"""Parameters of Django that a dump must not have: it is in the encoding of its database."""
AT_WORK = re.compile(rb'dumping contents of table "(.*)"')
OUT_OF_LOCKS = "out of shared memory"
CONFLICT = "conflict with recovery"
WAITED = "statement timeout"
"""What ends pg_dump where it waits for a lock longer than LOCK_WAIT; it has no other timeout."""
HELD = "python manage.py diagnose names who holds it. Run the same command again when that has ended."


@dataclass(kw_only=True)
class DumpProgress:
    """How many bytes of tables are dumped, as the messages of `pg_dump --verbose` tell it."""

    tables: Sequence[DumpedTable]
    advance: Callable[[int], Any]
    at: float = 0
    begun: dict[str, int] = field(default_factory=dict)

    def look(self, program: GuardedProgram) -> None:
        """Count the tables that are begun; the last one of them is not done yet."""
        sizes = {f"{one.schema}.{one.table}": one.bytes for one in self.tables}
        begun = [name.decode(errors="replace") for name in AT_WORK.findall(program.said.encode())]
        self.advance(sum(sizes.get(name, 0) for name in begun[:-1]))


def dump_command(
    program: Program, parameters: dict[str, Any], *, snapshot: str, format: str, jobs: int, folder: Path | None
) -> list[str]:
    """Return the command; the custom format goes to stdout, a folder is written by pg_dump itself."""
    own = {name: value for name, value in parameters.items() if name not in NOT_OURS}
    command = [program.path, f"--format={format}", f"--snapshot={snapshot}", "--verbose", "--no-password"]
    command += [f"--lock-wait-timeout={LOCK_WAIT}", "--compress=6"]
    command += [f"--file={folder}", f"--jobs={jobs}"] if folder else []
    return [*command, f"--dbname={conninfo(own | {'application_name': 'migrations_safety backup'})}"]


def pour(
    source: IO[bytes], sink: IO[bytes], *, at: Path, look: Callable[[], None], silence: float | None = None
) -> tuple[int, str]:
    """Write all that comes from the pipe `source` to `sink`; return its number of bytes and its SHA-256.

    Raises DiskTooSmall where the disk of `at` is, or is about to be, full, and NoBackup where nothing comes for
    `silence` seconds.
    """
    digest, total, last = hashlib.sha256(), 0, 0.0
    while chunk := _next(source, silence):
        digest.update(chunk)
        total += len(chunk)
        _write(sink, chunk, at=at)
        if time.monotonic() - last > GLANCES:
            last = time.monotonic()
            refuse_full_disk(at)
            look()
    return total, digest.hexdigest()


def _next(source: IO[bytes], silence: float | None) -> bytes:
    if not select.select([source], [], [], silence)[0]:
        raise NoBackup(f"nothing came of the program that encrypts it for {silence:g} s")
    return os.read(source.fileno(), CHUNK)


def _write(sink: IO[bytes], chunk: bytes, *, at: Path) -> None:
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[sink.write(rest) :]
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            refuse_full_disk(at, is_full=True)
        raise


def wait_for(program: GuardedProgram, *, at: Path, look: Callable[[], None]) -> None:
    """Wait until a program has ended that writes its files itself, with an eye on the disk of `at`."""
    while program.process.poll() is None:
        refuse_full_disk(at)
        look()
        time.sleep(GLANCES / 10)


def refuse_failed_dump(program: GuardedProgram, *, name: str, at: Path) -> None:
    """Raise NoBackup where pg_dump has not ended well, with its own reason, which holds no value of a row."""
    code = program.wait()
    if not code:
        return
    said = program.said
    if "No space left on device" in said:
        refuse_full_disk(at, is_full=True)
    lines = [line for line in said.splitlines() if "error:" in line or "Error message from server" in line]
    reason = ": ".join(line.partition("error: ")[2] or line.partition("server: ")[2] for line in lines[:2])
    if code > 128:
        reason = f"{name} was ended by signal {code - 128}"
    hint = "Run the same command again."
    if OUT_OF_LOCKS in said:
        hint = "Set max_locks_per_transaction higher on the server: a dump locks every table at once."
    if WAITED in said:
        hint = HELD
    if CONFLICT in said:
        hint = "Set hot_standby_feedback = on at the standby, or back up the primary."
    raise NoBackup(f"{name} ended with {code} ({reason or 'without a reason'})", hint=hint)
