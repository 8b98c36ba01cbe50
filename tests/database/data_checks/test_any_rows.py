"""Whatever the rows are: they are called violating exactly where PostgreSQL refuses the statement."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from migrations_safety.checks import data_counts
from migrations_safety.checks.data_conditions import VIOLATES
from migrations_safety.measurement.demands import DemandWatcher
from migrations_safety.measurement.report import (
    MeasuredOperation,
    MeasuredPlan,
    MeasuredStatement,
    MeasuredTransaction,
    TableEffect,
)

pytestmark = pytest.mark.slow

TABLE = 'CREATE TABLE things (a text, b int, c text COLLATE "C", n numeric(6, 2))'
STATEMENTS = [
    "ALTER TABLE things ALTER a SET NOT NULL",
    "ALTER TABLE things ADD UNIQUE (a)",
    "ALTER TABLE things ADD UNIQUE (a, b)",
    "ALTER TABLE things ADD UNIQUE NULLS NOT DISTINCT (a, b)",
    "ALTER TABLE things ADD PRIMARY KEY (a, b)",
    "CREATE UNIQUE INDEX ON things (lower(a))",
    "CREATE UNIQUE INDEX ON things (upper(a), (b + 1)) WHERE b > 0",
    "CREATE UNIQUE INDEX ON things ((coalesce(a, '') || coalesce(c, '')))",
    "CREATE UNIQUE INDEX ON things ((a IS NULL)) WHERE a IS NULL",
    'CREATE UNIQUE INDEX ON things (a COLLATE "C" text_pattern_ops, (1))',
    "ALTER TABLE things ADD CHECK (a <> 'a' AND b > 0)",
    "ALTER TABLE things ADD CHECK (a = ANY (ARRAY['a', 'b']) OR (b IS NULL))",
    "ALTER TABLE things ADD CHECK (10 / b > 0)",
    "ALTER TABLE things ADD EXCLUDE USING gist (int4range(b, b + 2) WITH &&)",
    "ALTER TABLE things ADD EXCLUDE USING btree (a WITH =, b WITH =) WHERE (b > 0)",
    "ALTER TABLE things ALTER a TYPE varchar(1)",
    "ALTER TABLE things ALTER a TYPE char(2)",
    "ALTER TABLE things ALTER a TYPE int USING a::int",
    "ALTER TABLE things ALTER a TYPE numeric(3, 1) USING a::numeric(3, 1)",
    "ALTER TABLE things ALTER a TYPE date USING a::date",
    "ALTER TABLE things ALTER a TYPE boolean USING a::boolean",
    "ALTER TABLE things ALTER b TYPE smallint",
    "ALTER TABLE things ALTER n TYPE numeric(4, 2)",
    "ALTER TABLE things ALTER n TYPE smallint",
]
TEXTS = some.none() | some.text("aAbB ß1.-", max_size=3) | some.sampled_from(["1", "true", "2026-01-01", "1e9"])
NUMBERS = some.none() | some.sampled_from([-1, 0, 1, 2, 32767, 32768])
DECIMALS = some.none() | some.sampled_from([1, 0.5, 99.99, 100, 9999])
ROWS = some.lists(some.tuples(TEXTS, NUMBERS, TEXTS, DECIMALS), max_size=5)


def test_rows_are_called_violating_exactly_where_postgresql_refuses(make, in_process):
    target, scratch = make("empty"), make("empty")
    connection = in_process(target)
    for database in (target, scratch):
        database.execute(TABLE)

    @settings(max_examples=300)
    @given(statement=some.sampled_from(STATEMENTS), rows=ROWS)
    def agrees(statement, rows):
        target.execute("TRUNCATE things")
        for row in rows:
            target.execute("INSERT INTO things VALUES (%s, %s, %s, %s)", *row)

        counts = data_counts.count(connection, plan_of(statement), demands_of(statement, scratch.connection))

        assert not set(counts.reasons) - counts.refused
        is_refused = bool(counts.refused) or any(n for (_, key), n in counts.violating.items() if key == VIOLATES)
        assert is_refused is (error_of(statement, target.connection) is not None)

    agrees()


def demands_of(statement, session):
    """What the statement demands, which is run on a database without rows and rolled back."""
    watcher = DemandWatcher(session)
    watcher.before()
    with session.transaction(force_rollback=True):
        session.execute(statement)
        watcher.after("ward.0002_x")
    return watcher.found


def plan_of(statement):
    """The statement as the one of a measured plan."""
    effect = TableEffect(
        table="things", new=False, lock="AccessExclusiveLock", scanned=True, rewritten=False, dropped=False
    )
    sent = MeasuredStatement(sql=statement, error=None, tables=(effect,))
    operation = MeasuredOperation(
        migration="ward.0002_x", kind="RunSQL", description="", file=None, line=None, reversible=False, opaque=False,
        statements=(sent,), number=1,
    )  # fmt: skip
    transaction = MeasuredTransaction(migrations=("ward.0002_x",), atomic=True, operations=(operation,))
    return MeasuredPlan(measured="url", reason=None, server_version="18", left_out=(), transactions=(transaction,))


def error_of(statement, session):
    """The SQLSTATE with which PostgreSQL refuses the statement for the rows that there are."""
    try:
        with session.transaction(force_rollback=True):
            session.execute(statement)
    except psycopg.Error as error:
        return error.sqlstate
    return None
