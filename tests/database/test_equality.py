"""What is said of a pair of types is what PostgreSQL does: a key between each pair is tried on empty tables."""

import psycopg
import pytest

from migrations_safety.census import reference_counts
from migrations_safety.census.scan_strategy import BY_SIZE
from migrations_safety.messages.progress import Progress
from migrations_safety.plan.inspected_schema import inspect_schema
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.target import connect
from migrations_safety.schema import orphans
from migrations_safety.schema.comparable_types import End, compared_as, equalities
from migrations_safety.schema.declared_keys import DeclaredKey

TYPES = [
    "smallint", "integer", "bigint", "numeric", "numeric(20,0)", "real", "double precision", "money", "oid",
    "regclass", "text", "varchar(36)", "varchar", "char(3)", "bpchar", '"char"', "name", "bytea", "uuid", "boolean",
    "bit(3)", "varbit", "date", "timestamp", "timestamptz(6)", "time", "timetz", "interval", "inet", "cidr",
    "macaddr", "macaddr8", "pg_lsn", "jsonb", "int[]", "bigint[]", "text[]", "varchar[]", "int4range", "int8range",
    "int4multirange", "tsvector", "mood", "weather", "mood[]", "pair", "other_pair", "whole", "more_whole", "code",
    "mood_domain", "ids", "span",
]  # fmt: skip
CHILDREN_ALONE = ["json", "xml", "point", "xid"]
"""Types that no unique index takes."""
MAKE_TYPES = """
    CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE weather AS ENUM ('rain', 'sun');
    CREATE TYPE pair AS (a int, b int); CREATE TYPE other_pair AS (a int, b text);
    CREATE DOMAIN whole AS bigint; CREATE DOMAIN more_whole AS whole CHECK (value > 0);
    CREATE DOMAIN code AS varchar(9); CREATE DOMAIN mood_domain AS mood; CREATE DOMAIN ids AS int[];
    CREATE DOMAIN span AS int4range;
"""
# Arrays with a length (varchar(9)[]) pass ATAddForeignKeyConstraint and fail in its own check of the rows, 15 to 18.
# Since 18 a type with a collation and one without ("char" and text) are refused with the internal error XX000.
TRY = """
    DO $$ DECLARE child int; parent int; BEGIN
        FOR child IN 0..{children} LOOP FOR parent IN 0..{parents} LOOP
            BEGIN
                EXECUTE format('ALTER TABLE children ADD FOREIGN KEY (c%s) REFERENCES parents (c%s)', child, parent);
                RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
            EXCEPTION
                WHEN datatype_mismatch OR SQLSTATE 'XX000' THEN INSERT INTO tried VALUES (child, parent, false);
                WHEN SQLSTATE 'ZZZZZ' THEN INSERT INTO tried VALUES (child, parent, true);
            END;
        END LOOP; END LOOP;
    END $$
"""


def made(database, in_process, children, parents, *, unique="UNIQUE"):
    """Both tables with a column of each type; the columns as they are in the catalog."""
    database.execute(f"CREATE TABLE children ({', '.join(f'c{at} {one}' for at, one in enumerate(children))})")
    database.execute(f"CREATE TABLE parents ({', '.join(f'c{at} {one} {unique}' for at, one in enumerate(parents))})")
    connection = in_process(database)
    found = catalog.tables(connection, ["children", "parents"])
    columns = catalog.columns(connection, [one.oid for one in found.values()])
    ends = [
        [End(column=columns[found[table].oid][f"c{at}"]) for at in range(len(types))]
        for table, types in (("children", children), ("parents", parents))
    ]
    return connection, *ends


@pytest.fixture
def extended(empty):
    empty.execute(MAKE_TYPES)
    if empty.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'"):
        empty.execute("CREATE EXTENSION citext")
    return empty


def types(database):
    return [*TYPES, *(["citext"] if database.value("SELECT to_regtype('citext') IS NOT NULL") else [])]


def test_the_answer_for_each_pair_of_types_is_what_postgresql_does(extended, in_process):
    parents = types(extended)
    children = [*parents, *CHILDREN_ALONE]
    connection, child_ends, parent_ends = made(extended, in_process, children, parents)
    extended.execute("CREATE TABLE tried (child int, parent int, is_taken bool)")
    extended.execute(TRY.format(children=len(children) - 1, parents=len(parents) - 1))
    tried = extended.rows("SELECT child, parent, is_taken FROM tried ORDER BY child, parent")

    said = equalities(connection, [(child_ends[child], parent_ends[parent]) for child, parent, _ in tried])

    wrong = [
        (children[child], parents[parent], is_taken)
        for (child, parent, is_taken), one in zip(tried, said, strict=True)
        if one.is_possible is not is_taken
    ]
    assert wrong == []
    assert len(tried) == len(children) * len(parents) > 2500
    assert sum(is_taken for *_, is_taken in tried) > 120


def test_a_type_that_is_declared_is_judged_as_the_column_will_be(extended, in_process):
    parents = [one for one in types(extended) if "[" not in one]
    connection, child_ends, parent_ends = made(extended, in_process, parents, parents)
    pairs = [(at, other) for at in range(len(parents)) for other in range(len(parents))]

    there = equalities(connection, [(child_ends[one], parent_ends[other]) for one, other in pairs])
    declared = equalities(
        connection, [(End(declared=parents[one]), End(declared=parents[other])) for one, other in pairs]
    )

    assert declared == there


def test_of_a_type_that_is_not_there_yet_nothing_is_known(empty, in_process):
    connection = in_process(empty)

    (one,) = equalities(connection, [(End(declared='"Mood"'), End(declared="text"))])

    assert (one.is_possible, one.known) == (False, False)


def test_the_operators_are_those_of_the_parents_own_index(extended, in_process):
    if "citext" not in types(extended):
        pytest.skip("this PostgreSQL has no citext")
    connection, (child,), (parent,) = made(extended, in_process, ["citext"], ["text"])

    (by_text,) = equalities(connection, [(child, parent)])

    assert (by_text.parent, by_text.child) == ("text", "text")


@pytest.mark.parametrize(
    ("parent", "children", "expected"),
    [
        ("uuid", ["uuid"], "uuid"),
        ("text", ["varchar(36)"], "text"),
        ("varchar(9)", ["varchar(36)"], "text"),
        ("bigint", ["integer", "smallint"], "bigint"),
        ("numeric(20,0)", ["bigint", "numeric"], "numeric"),
        ("real", ["double precision", "integer"], "double precision"),
        ("date", ["timestamp", "timestamptz"], "timestamp with time zone"),
        ("cidr", ["inet"], "inet"),
        ("char(3)", ["text", "char(5)"], "bpchar"),
        ("uuid", ["text", "uuid"], "text"),
        ("text", ['text COLLATE "C"'], 'text COLLATE "C"'),
        ("text", ["code"], "text"),
        ("mood", ["mood"], "mood"),
        ("int[]", ["ids"], "integer[]"),
    ],
)
def test_all_ends_are_compared_as_a_key_compares_them(extended, in_process, parent, children, expected):
    connection, ends, (target,) = made(extended, in_process, children, [parent])

    of_keys = equalities(connection, [(end, target) for end in ends])

    assert compared_as(of_keys, [one.column for one in (*ends, target)]) == expected


VALUES = [
    ("numeric(20,2)", "bigint", "7.00", ["7", "8"]),
    ("numeric", "numeric(9,3)", "7.0", ["7", "7.000", "7.001"]),
    ("bigint", "smallint", "7", ["7", "8"]),
    ("double precision", "real", "1.5", ["1.5", "1.1"]),
    ("double precision", "numeric", "1.1", ["1.1", "1.10", "1.2"]),
    ("real", "double precision", "1.1", ["1.1", "1.5", "1.10000002384185791015625"]),
    ("timestamptz", "date", "2026-01-01 00:00Z", ["2026-01-01", "2026-01-02"]),
    ("date", "timestamp", "2026-01-01", ["2026-01-01", "2026-01-01 00:00:01"]),
    ("inet", "cidr", "10.0.0.0/8", ["10.0.0.0/8", "10.0.0.0/16"]),
    ("cidr", "inet", "10.0.0.0/8", ["10.0.0.0/8", "10.0.0.1/8"]),
    ("char(5)", "text", "ab", ["ab", "ab  ", "abc"]),
    ("text", "char(5)", "ab", ["ab", "abc"]),
    ("varchar(5)", "text", "ab", ["ab", "ab ", "AB"]),
    ("macaddr8", "macaddr", "08:00:2b:01:02:03", ["08:00:2b:01:02:03", "08:00:2b:01:02:04"]),
    ("oid", "integer", "7", ["7", "8"]),
    ("interval", "time", "01:00", ["01:00", "02:00"]),
    ("mood", "mood", "sad", ["sad", "glad"]),
    ("boolean", "boolean", "true", ["true", "false"]),
    ("int[]", "ids", "{1,2}", ["{1,2}", "{2,1}"]),
]


@pytest.mark.parametrize(("parent", "child", "there", "values"), VALUES, ids=lambda one: str(one))
def test_orphans_are_those_that_the_key_refuses(extended, in_process, parent, child, there, values):
    extended.execute(f"""CREATE TABLE parents (id {parent} PRIMARY KEY); INSERT INTO parents VALUES ('{there}');
                         SET TIME ZONE 'UTC'; CREATE TABLE children (id serial PRIMARY KEY, c {child});
                         CREATE TABLE with_key (c {child})""")
    key = DeclaredKey(
        app_label="x", model_name="x", table="children", column="c", column_type=None, target_table="parents",
        target_column="id", name=None, on_delete="NO ACTION", on_update="NO ACTION", deferrable=False, row_id="id",
    )  # fmt: skip
    connection = in_process(extended)
    extended.execute("ALTER TABLE with_key ADD FOREIGN KEY (c) REFERENCES parents")

    for value in values:
        extended.execute(f"TRUNCATE children; INSERT INTO children (c) VALUES ('{value}')")
        inspected = inspect_schema(connection, keys=[key], target=connect(connection))
        (counted,) = reference_counts.count(connection, inspected, [key], reading=BY_SIZE, progress=Progress())
        expected = 0 if fits(extended, value) else 1
        assert counted.references[0].orphan_rows == expected
        assert orphans.count_orphans(connection, key) == orphans.OrphanCount(values=expected, rows=expected)


def test_one_collation_that_takes_different_texts_for_equal_counts_as_the_key_does(empty, in_process):
    try:
        empty.execute("CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this PostgreSQL was built without the orders of languages")
    type = "text COLLATE any_case"

    test_orphans_are_those_that_the_key_refuses(empty, in_process, type, type, "ab", ["ab", "AB", "abc"])


def fits(database, value):
    """Whether the key takes it."""
    try:
        database.execute(f"INSERT INTO with_key VALUES ('{value}')")
    except psycopg.errors.ForeignKeyViolation:
        return False
    return True
