"""Notes of copies that are not on the database's own server, so that one that a kill has left is found again.

A note is a file of this user alone, in the folder for state of this machine, and holds no password. While its run
lives, it has a lock on the note. A note that nobody has locked is of a run that was killed, or that could not remove
its copy.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.copies import CopyOf
from migrations_safety.postgresql.temporary_folder import temporary_folder

ENDING, HIDDEN = ".copy", ".new"
READING = os.O_CLOEXEC | os.O_NOFOLLOW
NO_NOTE = "no note of it can be written here, and one that a kill leaves would not be found again"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
OF_PLACE = ("host", "hostaddr", "port", "dbname", "user")
"""The parameters of a copy that a note has: where it is, and no password."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyNote:
    """What is known of a copy that is elsewhere."""

    file: Path
    of: CopyOf
    made_for: str
    id: str
    """A random word, which a command of the caller got."""
    made_at: datetime
    place: dict[str, str] | None
    """Parameters without a password; None where the run was killed before it knew them."""
    marker: str
    """The comment of the copy."""
    is_by_command: bool
    """Whether a command of the caller has made it."""
    is_at_work: bool

    @property
    def url(self) -> str:
        """The address without a password; empty where the place is not known."""
        if self.place is None:
            return ""
        host = quote(self.place.get("host", ""), safe="")
        user = quote(self.place["user"], safe="") + "@" if "user" in self.place else ""
        port = f":{self.place['port']}" if "port" in self.place else ""
        more = {name: self.place[name] for name in ("hostaddr",) if name in self.place}
        return f"postgresql://{user}{host}{port}/{quote(self.place['dbname'], safe='')}" + (
            f"?{urlencode(more)}" if more else ""
        )

    @property
    def words(self) -> str:
        """Where it is, or the word that its command got."""
        if self.place is None:
            return f"with MIGRATIONS_SAFETY_CLONE_ID {self.id}"
        return place_of(self.place)


@dataclass(kw_only=True)
class OpenNote:
    """The note of a copy that is in use; with `stays` it is left there at the end."""

    descriptor: int
    known: dict[str, Any] = field(default_factory=dict)
    stays: bool = False

    def tell(self, **more: Any) -> None:
        """Write down what is known of the copy now; a kill in the middle leaves what was known before."""
        self.known |= more
        os.write(self.descriptor, json.dumps(self.known).encode() + b"\n")
        os.fsync(self.descriptor)

    def tell_place(self, parameters: dict[str, Any], *, marker: str = "") -> None:
        """Write down where the copy is, or where copies are."""
        place = {name: str(parameters[name]) for name in OF_PLACE if parameters.get(name)}
        self.tell(place=place, marker=marker)


@contextmanager
def noted(*, of: CopyOf, made_for: str, id: str, by_command: bool) -> Iterator[OpenNote]:
    """Keep a note during the block; raises NoCopy where none can be written."""
    file, descriptor = _opened(id)
    note = OpenNote(descriptor=descriptor)
    try:
        made_at = datetime.now(UTC).isoformat()
        note.tell(of=asdict(of), made_for=made_for, id=id, by_command=by_command, made_at=made_at)
        file.with_suffix(HIDDEN).rename(file)  # a file of this name is locked from the start
        yield note
    finally:
        if not note.stays:
            file.unlink(missing_ok=True)
        os.close(descriptor)


def notes_of(of: CopyOf) -> list[CopyNote]:
    """Return the notes of copies of this database, those in use too; what cannot be read is left out."""
    found = []
    for file in (one for folder in _folders() for one in sorted(folder.glob(f"*{ENDING}"))):
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = _read(file)
            if (note.of.name, note.of.oid) == (of.name, of.oid) and _may_be_one(note.of, of):
                found.append(note)
    return found


@contextmanager
def taken(note: CopyNote) -> Iterator[bool]:
    """Keep other runs from the note of a killed run during the block; gives False where one was faster."""
    try:
        descriptor = os.open(note.file, READING)
    except FileNotFoundError:
        yield False
        return
    try:
        yield not _is_locked(descriptor) and note.file.exists()
    finally:
        os.close(descriptor)


def forget(note: CopyNote) -> None:
    """Remove a note, because its copy is gone."""
    note.file.unlink(missing_ok=True)


@contextmanager
def noted_place(place: dict[str, Any], *, of: CopyOf, made_for: str) -> Iterator[OpenNote]:
    """Keep a note of copies at a place where the next run removes what is left; `place` has a `dbname` for all."""
    with noted(of=of, made_for=made_for, id=secrets.token_hex(8), by_command=False) as note:
        note.tell_place(place)
        yield note


def forget_place(place: dict[str, Any], *, of: CopyOf) -> None:
    """Remove the notes of killed runs about a place, because nothing is left there any more."""
    where = place_of(place)
    for note in notes_of(of):
        if note.words == where and not note.is_by_command and not note.is_at_work:
            forget(note)


def place_of(parameters: dict[str, Any]) -> str:
    """Return where a copy is, without a password."""
    host, port = parameters.get("host") or "this machine", parameters.get("port") or 5432
    return f"{parameters.get('dbname')} on {host}:{port}"


def _opened(id: str) -> tuple[Path, int]:
    """Open and lock a new note, under a name that no look finds."""
    for folder in _folders():
        with suppress(OSError):
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            if not _is_private(folder):
                continue
            hidden = folder / f"{id}{HIDDEN}"
            descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | READING | os.O_WRONLY, PRIVATE_FILE)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # a file system without locks
                os.close(descriptor)
                hidden.unlink()
                continue
            return folder / f"{id}{ENDING}", descriptor
    raise NoCopy(NO_NOTE, hint="Name a folder that this user may write to: XDG_STATE_HOME=FOLDER.")


def _folders() -> list[Path]:
    """Return the folders of notes: the one for state, and one beside temporary files where there is none."""
    usual = []
    with suppress(RuntimeError):  # a user without a home
        state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
        if state.is_absolute():
            usual = [state / "migrations_safety" / "copies"]
    return [*usual, temporary_folder() / f"migrations-safety-copies-{os.geteuid()}"]


def _is_private(folder: Path) -> bool:
    """Whether it is a folder of this user that nobody else may write to."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _is_locked(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read(file: Path) -> CopyNote:
    """Read the last line of a note that is whole; raises ValueError, KeyError or OSError for what is none."""
    if not _is_private(file.parent):
        raise ValueError("a folder of somebody else")
    descriptor = os.open(file, READING)
    with os.fdopen(descriptor, "rb") as stream:
        is_at_work = _is_locked(descriptor, fcntl.LOCK_SH)
        known = json.loads(stream.read().rpartition(b"\n")[0].rpartition(b"\n")[2])
    return CopyNote(
        file=file,
        of=CopyOf(**known["of"]),
        made_for=known["made_for"],
        id=known["id"],
        made_at=datetime.fromisoformat(known["made_at"]),
        place=known.get("place"),
        marker=known.get("marker", ""),
        is_by_command=known["by_command"],
        is_at_work=is_at_work,
    )


def _may_be_one(one: CopyOf, other: CopyOf) -> bool:
    identifiers = {one.system_identifier, other.system_identifier} - {None}
    return len(identifiers) < 2
