"""Expressions are compared without reading the table: as PostgreSQL prints them over rows of the table's type."""

import pytest

from migrations_safety.schema.expressions import Expressions

FOREIGN = """
    CREATE FOREIGN DATA WRAPPER of_nobody;
    CREATE SERVER nowhere FOREIGN DATA WRAPPER of_nobody;
    CREATE FOREIGN TABLE visits (id integer NOT NULL, kind varchar(10), ward text) SERVER nowhere;
"""
ORDINARY = "CREATE TABLE visits (id integer NOT NULL, kind varchar(10), ward text)"
PARTITIONED = f"{ORDINARY} PARTITION BY LIST (kind)"
SAME = [
    ("kind IN ('A', 'B')", "((kind)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[]))"),
    ('"visits"."id" > 0', "(id > 0)"),
    ("(id > 0 AND ward IS NOT NULL)", "((id > 0) AND (ward IS NOT NULL))"),
    ("lower(kind)", "lower((kind)::text)"),
]
DIFFERENT = [
    ("id > 0", "id >= 0"),
    ("kind IN ('A', 'B')", "kind IN ('A', 'C')"),
    ("ward IS NOT NULL", "ward IS NULL"),
    ("id IS NOT NULL", "true"),
    ("kind > 'A'", "ward > 'A'"),
    ("no_such_column > 0", "no_such_column > 0 AND true"),
]


@pytest.fixture(params=[ORDINARY, PARTITIONED, FOREIGN], ids=["ordinary", "partitioned", "foreign"])
def visits(request, empty, in_process):
    empty.execute(request.param)
    connection = in_process(empty)
    return Expressions(connection, schema="public", relation="visits")


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_means_the_same_is_equivalent(visits, one, other):
    assert visits.are_equivalent(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_is_not(visits, one, other):
    assert not visits.are_equivalent(one, other)
