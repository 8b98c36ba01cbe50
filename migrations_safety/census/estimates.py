"""Estimates the number of orphans in milliseconds, from PostgreSQL's statistics and a few index entries.

An estimate proves nothing: it sees only the values that ANALYZE sampled or that stand at the ends of an index.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from psycopg import sql

from migrations_safety.census import counts
from migrations_safety.census.identifier_classes import SENTINEL_WORDS, value_type
from migrations_safety.census.question import Question
from migrations_safety.census.reference_counts import questions
from migrations_safety.census.report import ReferenceCounts
from migrations_safety.census.scan_queries import ScanQueries
from migrations_safety.census.scan_strategy import BY_SIZE
from migrations_safety.plan.inspected_schema import InspectedSchema
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.named_rows import rows
from migrations_safety.postgresql.relations import Column
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose

SUSPECT_UUIDS = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What the statistics say of one foreign-key column; a number is None where they say nothing."""

    key: DeclaredKey
    rows: int | None
    non_null: int | None
    """The number of rows whose foreign-key column is not NULL."""
    distinct_values: int | None
    sampled: ReferenceCounts
    """Counts of the sampled values alone: those that the statistics keep and those at the ends of the index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnStatistics:
    """What VACUUM and ANALYZE recorded of one column; a field is None where they never ran."""

    rows: int | None
    share_of_nulls: float | None
    distinct_values: int | None

    @property
    def non_null(self) -> int | None:
        """The estimated number of rows in which the column is not NULL; None where it is unknown."""
        if self.rows is None or self.share_of_nulls is None:
            return None
        return round(self.rows * (1 - self.share_of_nulls))


def estimate(connection: Connection, inspected: InspectedSchema, keys: Iterable[DeclaredKey]) -> list[Estimate]:
    """Estimate each foreign-key column, and classify the values in the statistics and at the ends of its index.

    The function changes settings of the planner until the transaction ends, so read nothing else after calling it.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("estimates.plan_probes"))
    found = []
    for question in questions(inspected, keys, reading=BY_SIZE):
        # A value in another spelling could only be matched by reading all parents.
        asked = replace(question, target_is_text=False)
        sample = [part for number in range(len(question.keys)) for part in _sample(inspected, question, number)]
        sampled = counts.count_values(connection, asked, ScanQueries(scans=sample))
        found += [_estimate(connection, inspected, counted) for counted in sampled.references]
    return found


def _estimate(connection: Connection, inspected: InspectedSchema, sampled: ReferenceCounts) -> Estimate:
    key, table = sampled.key, inspected.tables[sampled.key.table]
    of_column = {"oid": table.oid, "schema": table.schema, "relation": table.relation, "column": key.column}
    (found,) = rows(connection, "estimates.figures", of_column, ColumnStatistics)
    return Estimate(
        key=key,
        rows=found.rows,
        non_null=found.non_null,
        distinct_values=found.distinct_values,
        sampled=sampled,
    )


def _sample(inspected: InspectedSchema, question: Question, number: int) -> list[sql.Composed]:
    key = question.keys[number]
    table, column = inspected.tables[key.table], inspected.referencing(key)
    common = {"type": value_type(question), "number": sql.Literal(number)}
    names = {"schema": table.schema, "relation": table.relation, "column": key.column}
    literals = {name: sql.Literal(value) for name, value in names.items()}
    inherited = sql.Literal(table.is_partitioned)
    sample = [compose("estimates.kept_by_statistics", inherited=inherited, **literals, **common)]
    if column and column.indexed and question.type in ("uuid", "text") and not _is_padded(column):
        suspects = list(SUSPECT_UUIDS if question.is_uuid else (*SUSPECT_UUIDS, *SENTINEL_WORDS, ""))
        suspects = suspects if question.classified else []
        of_table = {"table": table.in_sql, "column": sql.Identifier(key.column)}
        sample.append(compose("estimates.at_the_ends", suspects=sql.Literal(suspects), **of_table, **common))
    return sample


def _is_padded(column: Column) -> bool:
    return column.type.startswith("character(")
