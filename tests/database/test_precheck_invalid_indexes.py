"""An index that a build left invalid is told by precheck."""

import psycopg
import pytest

from tests.findings import look, told


def test_an_invalid_index_is_told_until_it_is_gone(hospital, in_process):
    hospital.execute("CREATE TABLE beds (name text); INSERT INTO beds VALUES ('a'), ('a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        hospital.execute('CREATE UNIQUE INDEX CONCURRENTLY "beds Name" ON beds (name)')
    in_process(hospital)

    found = look()

    assert told(found, "tables.W010") == [
        'beds has the invalid index "beds Name", left by a build that failed: no query uses it, every write pays.'
    ]
    hospital.execute(found["tables.W010"][0].hint.partition(";")[0])
    assert "tables.W010" not in look()
