"""`rehearse --keys-only` with columns of every type, odd names, and tables that are spread, inherited or computed."""

import pytest
from django.db import connections
from psycopg import sql

from tests.support.cluster import Database
from tests.support.keys_only import reduced

VALUES = {
    "smallint": "7", "integer": "70000", "bigint": "7000000000", "numeric": "7.25", "numeric(6, 2)": "7000.25",
    "real": "7.5", "double precision": "7.25", "money": "7.25", "boolean": "true", "date": "1977-07-07",
    "timestamp": "1977-07-07 07:07:07.7", "timestamptz(0)": "1977-07-07 07:07:07+07", "time": "07:07:07",
    "timetz": "07:07:07+07", "interval": "7 days", "uuid": "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11", "text": "sevenseven",
    "varchar(12)": "sevenseven", "char(9)": "seven", "name": "sevenname", '"char"': "7", "bytea": "\\x07ff0007",
    "json": '{"seven": 7}', "jsonb": '[{"seven": "sevenseven"}]', "bit(7)": "1010101",
    "varbit": "10101", "varbit(9)": "10101", "inet": "10.77.7.7/24", "cidr": "10.77.7.0/24",
    "macaddr": "77:77:77:77:77:77", "macaddr8": "77:77:77:77:77:77:77:77", "point": "(7,7)", "line": "{7,7,7}",
    "lseg": "[(7,7),(8,8)]", "box": "(7,7),(6,6)", "path": "[(7,7),(8,8)]", "polygon": "((7,7),(8,8),(9,7))",
    "circle": "<(7,7),7>", "tsvector": "'seven':1", "tsquery": "'seven'", "int4range": "[7,8)",
    "tstzrange": "[1977-07-07,1978-07-07)", "int8multirange": "{[7,8)}", "datemultirange": "{[1977-07-07,1978-01-01)}",
    "pg_lsn": "7/7", "jsonpath": "$.seven", "oid": "7777", "regclass": "pg_class", "text[]": "{sevenseven,eight}",
    "varchar(5)[]": "{seven}", "integer[]": "{7,7,7}", "uuid[]": "{7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "jsonb[]": '{"{\\"seven\\": 7}"}', "numeric(4, 1)[]": "{777.7}", "date[]": "{1977-07-07}", "boolean[]": "{t}",
    "inet[]": "{10.77.7.7}", "text[][]": "{{seven,seven},{eight,eight}}", "xid8": "77", "pg_snapshot": "7:7:",
    "mood": "tense", "mood[]": "{tense}", "pair": "(7,seven)", "small": "7", "small[]": "{7}",
}  # fmt: skip
TYPES = """
CREATE TYPE mood AS ENUM ('calm', 'tense'); CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN small AS int CHECK (VALUE < 10)
"""
ODD = """
CREATE SCHEMA "odd %s {schema}";
CREATE TABLE "odd %s {schema}"."t\t""q"" {} %" ("id {0}" int PRIMARY KEY, "a%s" text CHECK ("a%s" LIKE '%{x}%' OR true),
    "back\\slash" text NOT NULL, "Ä" text, half text GENERATED ALWAYS AS (left("back\\slash", 3)) STORED);
INSERT INTO "odd %s {schema}"."t\t""q"" {} %" SELECT n, 'odd{x}value', E'back\\\\slashed\\tvalue\\n' || n, NULL
FROM generate_series(1, 9) AS n;
CREATE TABLE spread (id bigint, code text COLLATE "C", n int, PRIMARY KEY (id, code)) PARTITION BY HASH (id);
CREATE TABLE spread_0 PARTITION OF spread FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE spread_1 PARTITION OF spread FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY LIST (code);
CREATE TABLE spread_1a PARTITION OF spread_1 FOR VALUES IN ('alpha', 'beta');
CREATE TABLE spread_1b PARTITION OF spread_1 DEFAULT;
INSERT INTO spread SELECT n, (ARRAY['alpha', 'gammaray', 'deltawave'])[n % 3 + 1], n FROM generate_series(1, 90) AS n;
CREATE TYPE half AS ENUM ('first', 'second');
CREATE TABLE halves (id int, half half, PRIMARY KEY (id, half)) PARTITION BY LIST (half);
CREATE TABLE halves_first PARTITION OF halves FOR VALUES IN ('first');
INSERT INTO halves SELECT n, 'first' FROM generate_series(1, 9) AS n;
CREATE TABLE base (id int PRIMARY KEY, note text CHECK (note <> 'never'));
CREATE TABLE derived (more text NOT NULL, UNIQUE (id)) INHERITS (base);
INSERT INTO base SELECT n, 'basenote' FROM generate_series(1, 5) AS n;
INSERT INTO derived SELECT n, 'derivednote', 'morenote' FROM generate_series(6, 9) AS n;
CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE computed (code text UNIQUE, number int GENERATED ALWAYS AS (length(code)) STORED);
INSERT INTO computed VALUES ('codesecret'), (NULL), (NULL);
CREATE TABLE converted (digits text, number int GENERATED ALWAYS AS (digits::int) STORED, born text);
CREATE INDEX ON converted ((born::numeric));
INSERT INTO converted (digits, born) VALUES ('480937115', '73.7155'), (NULL, '-12');
CREATE TABLE devices (address inet PRIMARY KEY, device macaddr UNIQUE);
INSERT INTO devices SELECT '10.77.88.0'::inet + n, ('02:aa:bb:cc:dd:0' || n)::macaddr FROM generate_series(1, 9) AS n;
CREATE TABLE long (id numeric PRIMARY KEY); INSERT INTO long VALUES (71239856471239856471), (-71239856471239856471.5);
CREATE UNLOGGED TABLE quick (id uuid PRIMARY KEY DEFAULT gen_random_uuid()); INSERT INTO quick DEFAULT VALUES;
CREATE MATERIALIZED VIEW seen AS SELECT n, count(*) AS many FROM spread GROUP BY n;
CREATE TABLE django_content_type (id int PRIMARY KEY, model text); INSERT INTO django_content_type VALUES (41, 'bill');
CREATE TABLE tagged (id int PRIMARY KEY, content_type_id int REFERENCES django_content_type, object_id text);
INSERT INTO tagged VALUES (1, 41, '471129384756');
"""
COUNTS = """
SELECT count(*), sum(length("back\\slash")), count("Ä"), count("a%s") FROM "odd %s {schema}"."t\t""q"" {} %"|
SELECT count(*), count(DISTINCT code) FROM spread| SELECT count(*) FROM ONLY base| SELECT count(*) FROM derived|
SELECT count(*), count(DISTINCT device) FROM devices|
SELECT count(*) FROM halves|SELECT count(*) FROM nothing| SELECT count(*), sum(number) FROM computed|
SELECT count(*) FROM quick|
SELECT count(*), count(number), count(born) FROM converted|
SELECT sum(many) FROM seen| SELECT c.model FROM tagged AS t JOIN django_content_type AS c ON c.id = t.content_type_id
"""


def test_columns_of_every_type_are_filled_and_required_ones_too(empty, in_process):
    empty.execute(TYPES)
    columns = [f"c{number} {type}" for number, type in enumerate(VALUES)]
    empty.execute(f"CREATE TABLE every (id int PRIMARY KEY, {', '.join(columns)})")
    empty.execute(f"CREATE TABLE required (id int PRIMARY KEY, {' NOT NULL, '.join(columns)} NOT NULL)")
    row = sql.SQL(", ").join(map(sql.Literal, VALUES.values()))
    for table in ("every", "required"):
        empty.execute(sql.SQL("INSERT INTO {} SELECT n, {} FROM generate_series(1, 3) AS n").format(
            sql.Identifier(table), row))  # fmt: skip
    empty.execute("INSERT INTO every (id) VALUES (4)")
    names = [f"c{number}" for number in range(len(VALUES))]
    counted = f"SELECT {', '.join(f'count({name})' for name in names)} FROM every"

    with reduced(in_process(empty), empty) as copy:
        assert (copy.told.empty, copy.told.lost, copy.told.left_out, copy.filled.not_restored) == ((), (), (), ())
        assert copy.database.rows(counted) == empty.rows(counted)
        assert copy.database.value("SELECT count(*) FROM required") == 3
        dump = copy.dump.lower()
        assert [one for one in ("seven", "7:07:07", "'1977", "10.77", "c9-9c0b") if one in dump] == []


def test_odd_names_and_tables_that_are_spread_inherited_or_computed(empty, in_process):
    empty.execute(ODD)

    with reduced(in_process(empty), empty) as copy:
        assert (copy.told.empty, copy.told.lost, copy.told.left_out, copy.filled.not_restored) == ((), (), (), ())
        for one in COUNTS.split("|"):
            assert copy.database.rows(one) == empty.rows(one)
        dump = copy.dump
        secrets = (
            "odd{x}",
            "712398564712398564",
            "10.77.88",
            "02:aa:bb",
            "slashed",
            "gammaray",
            "deltawave",
            "basenote",
            "derivednote",
            "morenote",
            "codesecret",
        )
        assert [one for one in secrets if one in dump] == []
        assert "471129384756" not in dump and "480937115" not in dump


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP"])
def test_texts_are_replaced_in_the_encoding_of_the_database(empty, cluster, in_process, encoding):
    database = Database(empty.server, f"in_{encoding.lower()}")
    cluster.administration.execute(
        f"CREATE DATABASE {database.name} ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'"
    )
    text = {"LATIN1": "M\\xfcller-\\xc4rger", "SQL_ASCII": "M\\xc3\\xbcller\\xff", "EUC_JP": "\\xb4\\xb5\\xbc\\xd4"}
    database.execute("CREATE TABLE t (id text PRIMARY KEY, note text CHECK (note <> ''))")
    database.execute(f"INSERT INTO t VALUES (E'{text[encoding]}', E'{text[encoding]}')")
    length = "SELECT octet_length(id), length(note) > 0 FROM t"
    value = "SELECT id::bytea || note::bytea FROM t"
    try:
        with reduced(in_process(database), database) as copy:
            assert copy.database.rows(length) == database.rows(length)
            assert copy.database.rows(value) != database.rows(value)
    finally:
        connections["default"].close()
        cluster.drop(database)
