"""A census that was taken earlier, on a standby as a rule, and what of it is still true on the primary.

The report of `precheck` carries a mark: the cluster, its timeline, and the oldest transaction that its snapshot
had not seen the end of. Every row that is there now and was not counted then was written by that transaction or
a later one (an update writes a new row), so counting those rows again is enough; where a parent has gone since,
or a table is another one, everything is counted again. xmin on a standby: PostgreSQL documentation, 9.27.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
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
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose, send

OLDEST = 1_000_000_000
"""Transactions after which a row's number no longer tells old from new (they are compared modulo 2^32)."""
Reference = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A snapshot of one cluster: `transaction` is the oldest it has not seen the end of, `relations` oids by table."""

    system_identifier: str
    database_oid: int
    timeline: int
    transaction: int
    taken_at: str
    relations: dict[str, list[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The moment of a census, and for each parent the rows that were written before its transaction."""

    moment: Moment
    parents: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The value of `snapshot` in the JSON report."""
        return asdict(self.moment) | {"parents": self.parents}


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierCensus:
    """What a report in a file says: its mark, where it was taken, what it counted and what it found there."""

    file: str
    mark: Mark
    alias: str
    schema: str
    in_recovery: bool
    references: frozenset[Reference]
    findings: tuple[Finding, ...]


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
            identity = _value(connection, "incremental.cluster"), _value(connection, "incremental.timeline")
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            return None
        raise
    with connection.cursor() as cursor:
        cursor.execute(statement("incremental.moment"))
        database_oid, number, taken_at = cursor.fetchone()
    parts = catalog.physical_tables(connection, {name for key in keys for name in (key.table, key.target_table)})
    relations = {table: [part.oid for part in of_table] for table, of_table in parts.items()}
    return Moment(
        system_identifier=identity[0],
        database_oid=database_oid,
        timeline=identity[1],
        transaction=number,
        taken_at=taken_at.isoformat(timespec="seconds"),
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
            references=frozenset(
                (one["table"], one["column"], one["target_table"], one["target_column"]) for one in report["references"]
            ),
            findings=tuple(
                finding(one["id"], one["subject"], one["message"], one["hint"])
                for one in report["findings"]
                if one["id"].startswith("references.") and one["id"] not in OF_THE_CATALOG
            ),
        )
    except OSError as error:
        raise CensusRefused(file=file, reason=f"it cannot be read, {error.strerror}") from None
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise CensusRefused(file=file, reason="it is no report of precheck --format json") from None


def _mark(snapshot: dict[str, Any]) -> Mark:
    """What `as_dict` gave; TypeError or KeyError for anything else."""
    values = dict(snapshot)
    parents = values.pop("parents")
    numbers = (values["transaction"], values["timeline"], values["database_oid"], *parents.values())
    if not all(type(one) is int for one in numbers) or not isinstance(values["relations"], dict):
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
) -> tuple[list[DeclaredKey], list[DeclaredKey]]:
    """The keys of which only new rows are to be counted, and those of which all are."""
    then, before = earlier.mark.moment, earlier.mark.parents
    parents = _written_before(connection, set(before) & set(now.relations), then.transaction)
    new: list[DeclaredKey] = []
    whole: list[DeclaredKey] = []
    for key in keys:
        tables = (key.table, key.target_table)
        known = (key.table, key.column, key.target_table, key.target_column) in earlier.references
        same = all(then.relations.get(name) == now.relations.get(name) for name in tables)
        none_gone = parents.get(key.target_table) == before.get(key.target_table)
        (new if known and same and none_gone else whole).append(key)
    return new, whole


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
