"""An index that a build left invalid is told by precheck."""

import psycopg
import pytest

from tests.support.precheck_findings import look, told


def test_an_invalid_index_is_told_until_it_is_gone(hospital, in_process):
    hospital.execute("CREATE TABLE beds (name text); INSERT INTO beds VALUES ('a'), ('a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        hospital.execute('CREATE UNIQUE INDEX CONCURRENTLY "beds Name" ON beds (name)')
    in_process(hospital)

    found = look()

    assert told(found, "tables.W010") == [
        'beds has the invalid index "beds Name", left by a build that failed. No query uses it, but every write '
        "maintains it."
    ]
    hospital.execute(found["tables.W010"][0].hint.partition(";")[0])
    assert "tables.W010" not in look()


@pytest.mark.parametrize("schema", ["public", "clinic"])
@pytest.mark.parametrize("ending", ["_ccnew", "_ccnew1", "_ccold", "_ccold12"])
def test_the_second_index_of_a_reindex_is_only_to_be_dropped(empty, in_process, schema, ending):
    empty.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path TO {schema}")
    empty.execute(f"CREATE TABLE beds (name text); CREATE INDEX beds_name{ending} ON beds (name)")
    empty.execute(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'beds_name{ending}'::regclass")
    empty.execute(f"""ALTER DATABASE "{empty.name}" SET search_path TO {schema}""")
    in_process(empty)

    (found,) = look()["tables.W010"]

    where = "" if schema == "public" else "clinic."
    assert found.hint == f"DROP INDEX CONCURRENTLY {where}beds_name{ending};"
    empty.execute("SET search_path TO public")
    empty.execute(found.hint)
    assert "tables.W010" not in look()


def test_a_reindex_that_failed_leaves_the_index_that_is_wanted(hospital, in_process):
    hospital.execute("""
        CREATE TABLE beds (name text);
        CREATE UNIQUE INDEX beds_name ON beds (name);
        UPDATE pg_index SET indisunique = false WHERE indexrelid = 'beds_name'::regclass;
        INSERT INTO beds VALUES ('a'), ('a');
        UPDATE pg_index SET indisunique = true WHERE indexrelid = 'beds_name'::regclass
    """)
    with pytest.raises(psycopg.errors.UniqueViolation):
        hospital.execute("REINDEX INDEX CONCURRENTLY beds_name")
    in_process(hospital)

    (found,) = look()["tables.W010"]
    hospital.execute(found.hint)

    assert found.hint == "DROP INDEX CONCURRENTLY beds_name_ccnew;"
    assert "tables.W010" not in look()
    assert hospital.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'beds_name'::regclass")
