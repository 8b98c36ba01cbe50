"""Finds out which counts of an earlier `precheck`, usually taken on a standby, still hold on the primary.

The JSON report of `precheck` carries a mark: the cluster, its timeline, and the oldest transaction that was still
running when the snapshot was taken. A row that exists now and was not counted then was written by that transaction or
a later one, because an update writes a new row. It is therefore enough to count these rows. If a parent row was deleted
since, or a table was made anew, all rows are counted again. The xmin of a snapshot on a standby is described in the
PostgreSQL documentation, 9.27.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import DatabaseError, transaction
from psycopg import sql

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.refusals.plan import CensusRefused
from migrations_safety.messages.wording.references import OF_THE_CATALOG
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.schema.declared_keys import DeclaredKey, KeyEnds
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

OLDEST = 1_000_000_000
"""After this many transactions an xmin no longer tells old rows from new ones, because it wraps around at 2^32."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """The moment at which a snapshot was taken, in numbers of one cluster."""

    system_identifier: str
    """The number that initdb gives a cluster; its standbys have the same one."""
    database_oid: int
    timeline: int
    """The timeline of the WAL; it changes when a standby becomes the primary."""
    transaction: int
    """The number of the oldest transaction that was still running when the snapshot was taken."""
    taken_at: str
    relations: dict[str, list[int]]
    """For each table name the oids of the table and its partitions; a table that is made anew gets another oid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The moment at which rows were counted, and the numbers that later show whether parent rows were deleted."""

    moment: Moment
    parents: dict[str, int]
    """For each parent table the number of rows that were written before `moment.transaction`."""

    def as_dict(self) -> dict[str, Any]:
        """Return the value of `snapshot` in the JSON report."""
        return asdict(self.moment) | {"parents": self.parents}


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierCensus:
    """The counts and findings of an earlier `precheck`, as read from its JSON report."""

    file: str
    """The path of the report."""
    mark: Mark
    alias: str
    """The Django alias of the database whose rows were counted."""
    schema: str
    in_recovery: bool
    """Whether the counting was done on a standby."""
    references: frozenset[KeyEnds]
    """Both ends of each foreign key whose rows were counted."""
    findings: tuple[Finding, ...]
    """What it found in the rows; findings about the catalog are left out, because `migrate` looks at it anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StillToCount:
    """What is still to be counted, given the counts of an earlier `precheck`."""

    new_rows: tuple[DeclaredKey, ...]
    """The foreign keys for which counting the rows written since is enough."""
    all_rows: tuple[DeclaredKey, ...]
    """The foreign keys for which all rows are to be counted again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotNow:
    """The current snapshot, as the server describes it."""

    database_oid: int
    transaction: int
    taken_at: datetime


def mark(connection: Connection, keys: Sequence[DeclaredKey]) -> Mark | None:
    """Return the mark of the current snapshot for the tables of `keys`.

    None where the role may not read the system identifier of the cluster.
    """
    now = moment(connection, keys)
    if now is None:
        return None
    parents = {key.target_table for key in keys} & set(now.relations)
    return Mark(moment=now, parents=_written_before(connection, parents, now.transaction))


def moment(connection: Connection, keys: Iterable[DeclaredKey]) -> Moment | None:
    """Return the moment of the current snapshot, with the oids of the tables of `keys`.

    None where the role may not read the system identifier of the cluster.
    """
    try:
        with transaction.atomic(using=connection.alias):
            system_identifier = _value(connection, "incremental.cluster")
            timeline = _value(connection, "incremental.timeline")
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            return None
        raise
    (now,) = rows(connection, "incremental.moment", {}, SnapshotNow)
    parts = catalog.physical_tables(connection, {name for key in keys for name in key.tables})
    relations = {table: [part.oid for part in of_table] for table, of_table in parts.items()}
    return Moment(
        system_identifier=system_identifier,
        database_oid=now.database_oid,
        timeline=timeline,
        transaction=now.transaction,
        taken_at=now.taken_at.isoformat(timespec="seconds"),
        relations=relations,
    )


def read(file: str) -> EarlierCensus:
    """Read a report that `precheck --format json --output FILE` wrote.

    Raises CensusRefused where the file cannot be read, is no such report, or holds no counts.
    """
    try:
        report = json.loads(Path(file).read_text(encoding="utf-8"))
        if report["command"] != "precheck" or report.get("approximate") or not report["data_counted"]:
            raise CensusRefused(file=file, reason="nothing was counted for it")
        if report["snapshot"] is None:
            raise CensusRefused(file=file, reason="it does not say of which cluster it is")
        return EarlierCensus(
            file=file,
            mark=_mark(report["snapshot"]),
            alias=report["database"]["alias"],
            schema=report["database"]["schema"],
            in_recovery=report["database"]["in_recovery"],
            references=frozenset(_ends(reference) for reference in report["references"]),
            findings=tuple(_of_the_data(report["findings"])),
        )
    except OSError as error:
        raise CensusRefused(file=file, reason=f"it cannot be read, {error.strerror}") from None
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise CensusRefused(file=file, reason="it is no report of precheck --format json") from None


def _ends(reference: dict[str, Any]) -> KeyEnds:
    return KeyEnds(**{field.name: reference[field.name] for field in fields(KeyEnds)})


def _of_the_data(findings: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    for found in findings:
        if found["id"].startswith("references.") and found["id"] not in OF_THE_CATALOG:
            yield finding(found["id"], found["subject"], found["message"], found["hint"])


def _mark(snapshot: dict[str, Any]) -> Mark:
    """Turn the result of `Mark.as_dict` back into a Mark; raises TypeError or KeyError for anything else."""
    values = dict(snapshot)
    parents = values.pop("parents")
    numbers = (values["transaction"], values["timeline"], values["database_oid"], *parents.values())
    if not all(type(number) is int for number in numbers) or not isinstance(values["relations"], dict):
        raise TypeError
    return Mark(moment=Moment(**values), parents=parents)


def refuse_other(earlier: EarlierCensus, now: Moment | None, *, schema: str) -> Moment:
    """Return `now` if the earlier counts are of the same database, schema and timeline, and not too old.

    Raises CensusRefused otherwise, and where `now` is None because the role may not ask for the moment.
    """
    then = earlier.mark.moment
    if now is None:
        raise CensusRefused(file=earlier.file, reason="the role may not ask which cluster this is")
    if (then.system_identifier, then.database_oid) != (now.system_identifier, now.database_oid):
        raise CensusRefused(file=earlier.file, reason="it is of another database")
    if earlier.schema != schema:
        raise CensusRefused(file=earlier.file, reason=f'it is of the schema "{earlier.schema}", not of "{schema}"')
    if then.timeline != now.timeline:
        raise CensusRefused(file=earlier.file, reason="a standby has become the primary since")
    if not 0 <= now.transaction - then.transaction < OLDEST:
        raise CensusRefused(file=earlier.file, reason="it is too old, or of a later time than this database")
    return now


def still_counted(
    connection: Connection, earlier: EarlierCensus, now: Moment, keys: Iterable[DeclaredKey]
) -> StillToCount:
    """Part the keys into those for which new rows are to be counted and those for which all rows are.

    A row that was not counted was written by the transaction of the mark or by a later one, because an update writes
    a new row. The xmin of the row shows this, so the tables of the hospital need no trigger and no further column.
    A deleted parent row leaves no xmin behind. Therefore the parent rows older than the mark are counted then and now:
    if the numbers differ, any child row may have lost its parent, and all rows are counted again. The same is done for
    a table with another oid, whose rows may be older than the mark (a partition was attached, a table was renamed).
    """
    then, before = earlier.mark.moment, earlier.mark.parents
    parents = _written_before(connection, set(before) & set(now.relations), then.transaction)
    new_rows: list[DeclaredKey] = []
    all_rows: list[DeclaredKey] = []
    for key in keys:
        was_counted = key.ends in earlier.references
        are_the_same = all(then.relations.get(name) == now.relations.get(name) for name in key.tables)
        none_gone = parents.get(key.target_table) == before.get(key.target_table)
        (new_rows if was_counted and are_the_same and none_gone else all_rows).append(key)
    return StillToCount(new_rows=tuple(new_rows), all_rows=tuple(all_rows))


def _written_before(connection: Connection, tables: Iterable[str], number: int) -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for name, table in sorted(catalog.tables(connection, tables).items()):
            before = {"table": table.in_sql, "transaction": sql.Literal(str(number % 2**32))}
            send(cursor, compose("incremental.rows_written_before", **before))
            (found[name],) = cursor.fetchone()
    return found


def _value(connection: Connection, name: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement(name))
        return cursor.fetchone()[0]
