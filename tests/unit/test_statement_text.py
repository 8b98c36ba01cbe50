import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from migrations_safety.locking.statement_text import of, read


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT 1", ("SELECT",)),
        ("  -- why\n/* a /* nested */ one */ alter table t add c int;", ("ALTER",)),
        ("UPDATE t SET a = ';DROP'; DELETE FROM t", ("UPDATE", "DELETE")),
        ("(SELECT 1) UNION (SELECT 2)", ("SELECT",)),
        ('SELECT ";" FROM "a;b"', ("SELECT",)),
        (r"SELECT E'\';DROP TABLE x'; SELECT $a$;$$;$a$", ("SELECT", "SELECT")),
        ("DO $$ BEGIN x; END $$", ("DO",)),
        ("SELECT $1;", ("SELECT",)),
        ("", ()),
        ("-- nothing", ()),
    ],
)
def test_each_statement_of_a_text_is_seen_whatever_is_quoted_or_commented(sql, words):
    assert read(sql).words == words


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN; UPDATE t SET a = 1; COMMIT",
        "update t set a = 1; /* now */ commit;",
        "UPDATE t SET a = 1;\n-- done\nEND",
        "START TRANSACTION; SELECT 1",
        "PREPARE TRANSACTION 'x'",
        "ROLLBACK",
        "DO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$",
        "do language plpgsql $body$ begin rollback; end $body$",
        "SELECT 1; DO 'BEGIN COMMIT; END'",
    ],
)
def test_a_text_that_ends_transactions_itself_is_known(sql):
    assert read(sql).ends_transaction


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'COMMIT'",
        "SAVEPOINT a",
        "ROLLBACK TO SAVEPOINT a",
        "ROLLBACK WORK TO a",
        "RELEASE SAVEPOINT a",
        "DO $$ BEGIN UPDATE t SET a = 1; END $$",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",
        "PREPARE a AS SELECT 1",
        "CALL p()",
    ],
)
def test_a_text_that_does_not_is_not_taken_for_one(sql):
    assert not read(sql).ends_transaction


@pytest.mark.parametrize(
    ("sql", "only_rows"),
    [
        ("UPDATE t SET a = 1", True),
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", True),
        ("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE t ADD c int", False),
        ("LOCK TABLE t", False),
        ("TRUNCATE t", False),
        ("DO $$ BEGIN END $$", False),
        ("CALL p()", False),
        ("", False),
        ("\N{ZERO WIDTH SPACE}SELECT 1", False),
    ],
)
def test_only_statements_that_are_all_on_rows_are_told_apart_from_those_that_define(sql, only_rows):
    assert read(sql).only_rows is only_rows


@pytest.mark.parametrize(
    ("sql", "concurrent"),
    [
        ("CREATE UNIQUE /* x */ INDEX CONCURRENTLY i ON t (a)", True),
        ("reindex (verbose) index concurrently i", True),
        ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", True),
        ("CREATE INDEX i ON t (a) -- CONCURRENTLY", False),
        ("COMMENT ON TABLE t IS 'CREATE INDEX CONCURRENTLY'", False),
        ('CREATE INDEX "CONCURRENTLY" ON t (a)', False),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", False),
    ],
)
def test_what_works_concurrently_is_known_however_it_is_spelled(sql, concurrent):
    assert read(sql).concurrent is concurrent


def test_bytes_and_what_the_driver_composes_are_read_as_well():
    name = SQL("CREATE INDEX CONCURRENTLY {} ON t (a)").format(Identifier("a b"))

    assert of(name).concurrent
    assert of(b"UPDATE t SET a = 1").only_rows


def test_of_a_statement_on_rows_only_its_kind_is_told():
    assert read("UPDATE t SET name = 'Achieng'").name == "UPDATE"
    assert read("-- x\nALTER TABLE t ADD c int").name == "ALTER TABLE t"


@given(st.text(alphabet="'\"$/*-;eE\\ aB\n", max_size=40))
def test_any_text_can_be_read(text):
    read(text)


@given(st.text(max_size=40))
def test_what_stands_in_a_string_never_changes_the_kind(value):
    literal = "'" + value.replace("'", "''") + "'"

    assert read(f"UPDATE t SET a = {literal}").only_rows
    assert not read(f"SELECT {literal}").ends_transaction


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'UPDATE x', \"delete\" FROM t -- INSERT",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "VALUES (1); TABLE t",
        "EXPLAIN SELECT 1",
        "SHOW search_path",
        "SET search_path = x",
        "SAVEPOINT a",
        "ROLLBACK TO a",
        "BEGIN",
        "PRAGMA table_info(t)",
        "SELECT updated_at, insert_date FROM deletes",
    ],
)
def test_a_text_that_only_reads_is_known(sql):
    assert read(sql).only_reads


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a",
        "SELECT 1 INTO t",
        "SELECT * FROM t FOR UPDATE",
        "select * from t for no key update",
        "SELECT * FROM t FOR KEY SHARE",
        "EXPLAIN ANALYZE UPDATE t SET a = 1",
        "SELECT 1; DROP TABLE t",
        "COPY t FROM STDIN",
        "CALL p()",
        "DO 'BEGIN END'",
        "LOCK TABLE t",
        "COMMIT PREPARED 'x'",
        "PRAGMA user_version = 3",
        "",
    ],
)
def test_a_text_that_changes_or_locks_anything_does_not_only_read(sql):
    assert not read(sql).only_reads


@pytest.mark.parametrize(
    ("sql", "only_defines"),
    [
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES s ON DELETE CASCADE", True),
        ("CREATE TRIGGER x BEFORE UPDATE ON t EXECUTE FUNCTION f()", True),
        ("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE t ADD c int", True),
        ("CREATE TABLE s AS SELECT f()", False),
        ("CREATE TABLE s AS EXECUTE f", False),
        ("ALTER TABLE t ADD c int; SELECT f()", False),
        ("DO $$ BEGIN END $$", False),
        ("CALL p()", False),
        ("UPDATE t SET a = 1", False),
        ("", False),
    ],
)
def test_a_definition_that_queries_may_run_code(sql, only_defines):
    assert read(sql).only_defines is only_defines
