"""A census that was taken earlier, on a standby as a rule, and what of it is still true on the primary.

The report of `precheck` carries a mark: the cluster, its timeline, and the oldest transaction that its snapshot
had not seen the end of. Every row that is there now and was not counted then was written by that transaction or
a later one (an update writes a new row), so counting those rows again is enough; where a parent has gone since,
or a table is another one, everything is counted again. xmin on a standby: PostgreSQL documentation, 9.27.4.
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
"""Transactions after which a row's number no longer tells old from new (they are compared modulo 2^32)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One snapshot of one cluster."""

    system_identifier: str
    """The number that a cluster is given when it is made, and that its standbys share."""
    database_oid: int
    timeline: int
    """It changes when a standby becomes the primary."""
    transaction: int
    """The oldest transaction that the snapshot has not seen the end of."""
    taken_at: str
    relations: dict[str, list[int]]
    """The oids of each table and its partitions; a table that is made anew gets another oid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The moment of a census, and what is needed to see later which parents have gone since."""

    moment: Moment
    parents: dict[str, int]
    """For each parent the rows that were written before the moment's transaction."""

    def as_dict(self) -> dict[str, Any]:
        """The value of `snapshot` in the JSON report."""
        return asdict(self.moment) | {"parents": self.parents}


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierCensus:
    """What a report of `precheck` in a file says."""

    file: str
    mark: Mark
    alias: str
    """Django's alias of the database that was read."""
    schema: str
    in_recovery: bool
    """It was taken on a standby."""
    references: frozenset[KeyEnds]
    findings: tuple[Finding, ...]
    """What it found in the data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StillToCount:
    """What an earlier census leaves to be counted."""

    new_rows: tuple[DeclaredKey, ...]
    """Keys of which only the rows written since are counted."""
    all_rows: tuple[DeclaredKey, ...]
    """Keys of which all rows are counted again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotNow:
    """What the server says of the current snapshot."""

    database_oid: int
    transaction: int
    taken_at: datetime


def mark(connection: Connection, keys: Sequence[DeclaredKey]) -> Mark | None:
    """The mark of the current snapshot; None where the role may not ask for the cluster's identity."""
    now = moment(connection, keys)
    if now is None:
        return None
    parents = {key.target_table for key in keys} & set(now.relations)
    return Mark(moment=now, parents=_written_before(connection, parents, now.transaction))


def moment(connection: Connection, keys: Iterable[DeclaredKey]) -> Moment | None:
    """The current snapshot; None where the role may not ask for the cluster's identity."""
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
    """The census in a report that `precheck --format json --output FILE` wrote; CensusRefused where it has none."""
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
    """What `as_dict` gave; TypeError or KeyError for anything else."""
    values = dict(snapshot)
    parents = values.pop("parents")
    numbers = (values["transaction"], values["timeline"], values["database_oid"], *parents.values())
    if not all(type(number) is int for number in numbers) or not isinstance(values["relations"], dict):
        raise TypeError
    return Mark(moment=Moment(**values), parents=parents)


def refuse_other(earlier: EarlierCensus, now: Moment | None, *, schema: str) -> Moment:
    """Give `now` back, or raise CensusRefused: another database or schema, another history, or too long ago."""
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
    """Tell the keys of which only new rows are to be counted from those of which all are.

    A row that was not counted was written by the mark's transaction or a later one, as an update writes a new row; its
    xmin says so without any bookkeeping on the hospital's tables, where a trigger or a column of ours would be a change
    of its schema. Only a parent that has gone leaves nothing behind: the rows that are older than the mark are
    counted then and now, and where there are fewer, any reference may have lost its parent. A table with another oid
    was made anew, with rows that may be older than the mark (a partition attached, a table renamed).
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
