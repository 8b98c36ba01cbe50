"""The list of objects in an archive, as `pg_restore --list` prints it, and which of them a place cannot have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from migrations_safety.backup.broken_off import BrokenOff
from migrations_safety.backup.lost_objects import Lost
from migrations_safety.measurement.schema_copy import OUTSIDE
from migrations_safety.postgresql.archive_names import name_of
from migrations_safety.postgresql.guarded_program import guarded_program
from migrations_safety.postgresql.programs import Program, environment

LINE = re.compile(r"^(?P<id>\d+); (?P<catalog>\d+) (?P<oid>\d+) (?P<words>.*)$")
REACHES_OUT = re.compile(rf"(?:{'|'.join(OUTSIDE)}) ")
FIRST = re.compile(r"(?:SCHEMA|EXTENSION|COLLATION) ")
"""Kinds that are restored before all others."""
OF_ROWS = re.compile(r"(?:TABLE|TABLE DATA|CONSTRAINT|CHECK CONSTRAINT|FK CONSTRAINT|INDEX|SEQUENCE SET|BLOBS?) ")
FOLLOWS = re.compile(r"(?:TABLE ATTACH|INDEX ATTACH|SEQUENCE OWNED BY|STATISTICS DATA) (?P<named>.*)")
"""Entries without an oid of their own, which go with the object of the same name."""
TABLES = 1259
"""The oid of pg_class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One object of an archive."""

    line: str
    id: int
    catalog: int
    """The oid of the catalog that has it; 0 for what belongs to another object, such as rows."""
    oid: int
    words: str
    """Kind, schema or a dash, name, and owner."""

    @property
    def is_extension(self) -> bool:
        """Whether it is an extension."""
        return self.words.startswith("EXTENSION ")

    @property
    def is_schema(self) -> bool:
        """Whether it is a schema."""
        return self.words.startswith("SCHEMA ")

    @property
    def is_collation(self) -> bool:
        """Whether it is a collation."""
        return self.words.startswith("COLLATION ")

    @property
    def is_of_rows(self) -> bool:
        """Whether it is a table, its rows, a key or an index."""
        return bool(OF_ROWS.match(self.words))

    @property
    def bare_name(self) -> str:
        """The name of an extension, which has neither schema nor owner."""
        return self.words.removeprefix("EXTENSION - ").strip()

    def name(self, owners: Sequence[str]) -> str:
        """Return its kind, schema and name, without the owner: `TABLE public bed`."""
        return name_of(self.words, owners)

    def is_one_of(self, lost: frozenset[tuple[int, int]]) -> bool:
        """Whether it is one of these objects, or belongs to one of these tables."""
        return (self.catalog or TABLES, self.oid) in lost if self.oid else False


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which objects are restored at a place, and which not."""

    first: tuple[Entry, ...]
    """Schemas, extensions and collations, which are there already."""
    restored: tuple[Entry, ...]
    outside: tuple[Entry, ...]
    """Those that reach other servers, and extensions that the place cannot have."""
    lacking: tuple[Entry, ...]
    """Those that need something that the place does not have."""


def entries_of(archive: str, pg_restore: Program) -> list[Entry]:
    """Return the objects of an archive in the order of their restore; raises BrokenOff where they cannot be listed."""
    with TemporaryFile() as listed:
        command = [pg_restore.path, "--list", archive]
        with guarded_program(command, environment=environment({}), stdout=listed) as program:
            if code := program.wait():
                raise BrokenOff(f"pg_restore cannot list the archive (it ended with {code})")
        listed.seek(0)
        lines = listed.read().decode("utf-8", errors="surrogateescape").split("\n")
    return [_entry(line, match) for line in lines if (match := LINE.match(line))]


def _entry(line: str, match: re.Match[str]) -> Entry:
    numbers = {name: int(match[name]) for name in ("id", "catalog", "oid")}
    return Entry(line=line, words=match["words"], **numbers)


def first_of(entries: Iterable[Entry]) -> list[Entry]:
    """Return the schemas, extensions and collations."""
    return [one for one in entries if FIRST.match(one.words)]


def choose(entries: Sequence[Entry], lost: Lost, *, missing: frozenset[int]) -> Choice:
    """Choose what is restored after the first ones; `missing` are extensions and collations that failed."""
    outside = [one for one in entries if REACHES_OUT.match(one.words) or (one.is_extension and one.id in missing)]
    rest = [one for one in entries if one not in outside and not FIRST.match(one.words)]
    gone = {one.id for one in rest if one.is_one_of(lost.objects)}
    names = set(_names([*outside, *(one for one in rest if one.id in gone)]))
    gone |= {one.id for one in rest if (match := FOLLOWS.match(one.words)) and match["named"] in names}
    return Choice(
        first=tuple(one for one in first_of(entries) if one.id not in missing),
        restored=tuple(one for one in rest if one.id not in gone),
        outside=tuple(outside),
        lacking=tuple(one for one in entries if one.id in gone or (one.is_collation and one.id in missing)),
    )


def _names(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield for each entry what stands behind its kind, which may have more than one word."""
    for one in entries:
        words = one.words.split(" ")
        yield from (" ".join(words[count:]) for count in (1, 2, 3) if all(w.isupper() for w in words[:count]))


def write_list(entries: Iterable[Entry], file: Path) -> None:
    """Write the list that `pg_restore --use-list` takes."""
    text = "".join(f"{one.line}\n" for one in entries)
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
