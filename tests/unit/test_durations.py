"""What a statement does with the rows of a table follows from what was measured and from its first words."""

from dataclasses import replace

import pytest

from migrations_safety.measurement.report import MeasuredStatement, TableEffect
from migrations_safety.measurement.work import NOTHING, UNKNOWN, Kind, Span, work_of
from migrations_safety.messages.humanize import format_bytes, format_range, format_seconds
from migrations_safety.messages.lock_words import mode
from migrations_safety.messages.safe_forms import safe_form, without_long_work
from migrations_safety.postgresql.table_figures import TableFigures

ORDERS = TableFigures(
    table="orders", schema="public", oid=1, partition_of=None, rows=None, bytes=800_000_000, index_bytes=200_000_000,
    indexes=1, keys=0, reads_per_second=1, writes_per_second=1, reads_per_second_since_reset=1,
    writes_per_second_since_reset=1, open_transactions=0, longest_transaction_seconds=0, is_used=True,
)  # fmt: skip


def effect(lock="AccessExclusiveLock", *, new=False, scanned=True, rewritten=False):
    return TableEffect(table="orders", new=new, lock=lock, scanned=scanned, rewritten=rewritten, dropped=False)


def works(sql, *effects, small=0, figures=ORDERS):
    statement = MeasuredStatement(sql=sql, error=None, tables=effects)
    return list(work_of(statement, {"orders": figures} if figures else {}, small=small))


@pytest.mark.parametrize(
    ("sql", "how", "kind"),
    [
        ('ALTER TABLE "orders" ADD CONSTRAINT "c" CHECK ("n" > $1)', {}, Kind.SCAN),
        ('ALTER TABLE "orders" ALTER COLUMN "n" SET NOT NULL', {}, Kind.SCAN),
        ('ALTER TABLE "orders" ADD CONSTRAINT "unique" CHECK ("primary key" > $1)', {}, Kind.SCAN),
        ('CREATE INDEX "i" ON "orders" ("n")', {"lock": "ShareLock"}, Kind.INDEX),
        ('create unique index "i" on "orders" ("n")', {"lock": "ShareLock"}, Kind.INDEX),
        ('ALTER TABLE "orders" ADD CONSTRAINT "c" UNIQUE ("n")', {}, Kind.INDEX),
        ("REINDEX TABLE orders", {"lock": "ShareLock"}, Kind.INDEX),
        ('ALTER TABLE "orders" ADD CONSTRAINT "c" FOREIGN KEY ("n") REFERENCES "p" ("id")', {}, Kind.KEY),
        ('SET CONSTRAINTS "c" IMMEDIATE; ALTER TABLE "orders" ALTER COLUMN "n" SET NOT NULL', {}, Kind.SCAN),
        ('UPDATE "orders" SET "n" = $1', {"lock": "RowExclusiveLock"}, Kind.WRITE),
        ('UPDATE "orders" SET "n" = $1; SET CONSTRAINTS ALL IMMEDIATE', {"lock": "RowExclusiveLock"}, Kind.WRITE),
        ('INSERT INTO "other" SELECT * FROM "orders"', {"lock": "AccessShareLock"}, Kind.SCAN),
        ('UPDATE "orders" SET "n" = $1', {"lock": None}, Kind.WRITE),
        ('SELECT "n" FROM "orders"', {"lock": "AccessShareLock"}, Kind.SCAN),
        ('SELECT "n" FROM "orders"', {"lock": None}, Kind.SCAN),
        ('WITH "old" AS (DELETE FROM "orders") SELECT $1', {"lock": "RowExclusiveLock"}, Kind.WRITE),
        ("DO $1", {}, Kind.ANY),
        ('UPDATE "orders" SET "n" = $1; ALTER TABLE "orders" ADD CHECK ("n" > $2)', {}, Kind.ANY),
        ('ALTER TABLE "orders" ALTER COLUMN "n" TYPE bigint', {"rewritten": True}, Kind.REWRITE),
        ("TRUNCATE orders", {"scanned": False, "rewritten": True}, None),
        ('ALTER TABLE "orders" ADD COLUMN "n" int', {"scanned": False}, None),
        ('CREATE INDEX "i" ON "orders" ("n")', {"new": True}, None),
    ],
)
def test_the_kind_of_work(sql, how, kind):
    assert [one.kind for one in works(sql, effect(**how))] == ([kind] if kind else [])


def test_indexes_count_for_what_is_rewritten_and_not_for_what_is_read():
    rewrite, scan = works("ALTER", effect(rewritten=True)), works("ALTER TABLE orders ADD CHECK (n > $1)", effect())

    assert (rewrite[0].bytes, scan[0].bytes) == (1_000_000_000, 800_000_000)
    assert rewrite[0].span == Span(least=1000 / Kind.REWRITE.fast, most=1000 / Kind.REWRITE.slow)


def test_each_row_takes_its_time_where_their_number_is_known():
    many = replace(ORDERS, rows=10_000_000, indexes=3)

    index = works('CREATE INDEX "i" ON "orders" ("n")', effect(), figures=many)
    rewrite = works("ALTER TABLE orders ALTER COLUMN n TYPE bigint", effect(rewritten=True), figures=many)

    assert (index[0].entries, rewrite[0].entries) == (10_000_000, 40_000_000)
    assert index[0].span.least == pytest.approx(0.2 + 1)


def test_a_small_table_is_no_work_and_one_without_figures_takes_an_unknown_time():
    sql = "ALTER TABLE orders ADD CHECK (n > $1)"

    assert works(sql, effect(), small=1_000_000_001) == []
    assert [one.span for one in works(sql, effect(), figures=None)] == [UNKNOWN]


def test_spans_add_up_and_an_unknown_end_stays_unknown():
    assert Span(least=1, most=2) + Span(least=3, most=4) == Span(least=4, most=6)
    assert Span(least=1, most=2) + UNKNOWN == Span(least=1, most=None)
    assert Span(least=1, most=5).wider(Span(least=2, most=3)) == Span(least=2, most=5)
    assert NOTHING.wider(UNKNOWN) == UNKNOWN


def test_every_kind_is_faster_at_its_fast_end():
    assert all(0 < kind.slow < kind.fast for kind in Kind)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (1_234_567, "1.2 MB"), (12_000_000_000, "12 GB"),
     (5_400_000_000_000, "5.4 TB")],
)  # fmt: skip
def test_sizes(number, text):
    assert format_bytes(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 ms"), (0.2, "200 ms"), (1, "1 s"), (4.24, "4.2 s"), (119, "119 s"), (900, "15 min"), (9000, "2.5 h")],
)
def test_durations(seconds, text):
    assert format_seconds(seconds) == text


def test_ranges():
    assert format_range(0.8, 2.1) == "800 ms to 2.1 s"
    assert format_range(4, 4.0001) == "4 s"
    assert format_range(4, None) == "4 s or more"
    assert format_range(0, None) == "an unknown time"


def test_lock_modes_as_sql_spells_them():
    assert mode("ShareRowExclusiveLock") == "SHARE ROW EXCLUSIVE"


@pytest.mark.parametrize(
    ("operation", "sql", "work", "form"),
    [
        ("AddIndex", 'CREATE INDEX "i" ON "orders" ("n")', "INDEX", "Write AddIndexConcurrently"),
        ("AddConstraint", 'CREATE UNIQUE INDEX "i" ON "o" ("n") WHERE "n" > 1', "INDEX", "CREATE UNIQUE INDEX CONC"),
        ("AddConstraint", 'ALTER TABLE "o" ADD CONSTRAINT "c" EXCLUDE USING gist ("n" WITH =)', "INDEX", "exclusion"),
        ("RunSQL", 'CREATE INDEX ON "o" ("n")', "INDEX", 'RunSQL("CREATE INDEX CONCURRENTLY'),
        ("RunSQL", "REINDEX TABLE o", "INDEX", "REINDEX … CONCURRENTLY"),
        ("RunPython", "", "CODE", "Python code"),
        ("RunSQL", 'ALTER TABLE "o" ADD CHECK ("n" > 1)', "SCAN", "NOT VALID"),
        ("RunSQL", "VACUUM FULL o", "REWRITE", "nobody uses the table"),
        ("RunSQL", "DO $1", "ANY", "NOT VALID"),
    ],
)
def test_the_safe_form_of_each(operation, sql, work, form):
    assert form in safe_form(operation=operation, sql=sql, work=work)


def test_an_index_is_removed_concurrently():
    assert without_long_work(operation="RemoveIndex", sql="").startswith("Write RemoveIndexConcurrently")
    assert without_long_work(operation="AddField", sql="ALTER TABLE").startswith("Migrate at a quiet hour")
