"""`rehearse --keys-only` names what could not be kept, and never asks what the server would log a value for."""

import hashlib
from typing import Any

import pytest

from migrations_safety.measurement.demand import Demand, Source
from migrations_safety.recovery.rehearsal.keys_only.harmless import is_harmless
from tests.support.keys_only import reduced


@pytest.fixture
def shop(empty, in_process):
    def make(schema, rows=""):
        empty.execute(schema)
        empty.execute(rows or "SELECT 1")
        return empty, in_process(empty)

    return make


def demand(kind, column, **more):
    source = Source(name=f"new_{column}", before=column, type="text")
    values: dict[str, Any] = {
        "table": "t",
        "schema": "public",
        "relation": "t",
        "is_partitioned": False,
        "alias": "renamed",
    }
    return Demand(kind=kind, columns=(column,), migration="shop.0002", sources=(source,), **values | more)


def test_a_check_that_no_made_up_value_fulfils_is_left_out_and_named(shop):
    hashes = [hashlib.md5(one.encode()).hexdigest() for one in ("x123y", "q456z")]
    original, connection = shop(
        f"CREATE DOMAIN odd AS text CHECK (md5(VALUE) = '{hashes[0]}');"
        f"CREATE TABLE t (id int PRIMARY KEY, a text CHECK (md5(a) = '{hashes[1]}'), b odd, c text)",
        "INSERT INTO t SELECT n, 'q456z', 'x123y', 'secret' FROM generate_series(1, 20) AS n",
    )
    with reduced(connection, original) as copy:
        assert set(copy.told.left_out) == {"CHECK t_a_check of public.t", "CHECK odd_check of the domain public.odd"}
        assert copy.database.rows("SELECT count(*), count(a), count(b), count(c) FROM t") == [(20, 20, 20, 20)]
        assert [one for one in ("x123y", "q456z", "secret") if one in copy.dump] == []


CHECKED = """
CREATE TABLE parents (code text PRIMARY KEY CHECK (code ~ '^KH[0-9]{6}$' AND code <> 'KH000000'));
CREATE TABLE t (
    id int PRIMARY KEY, kind text, owner_code text REFERENCES parents, outside text, status_id int,
    postcode text CHECK (postcode ~ '^SW[0-9][A-Z] [0-9][A-Z]{2}$'), phone text CHECK (phone ~ '^[+]?[0-9 ]{9,15}$'),
    starts date, ends date, share numeric(5, 2), part numeric(5, 2), CHECK (status_id IN (10, 20)),
    CHECK ((kind = 'own' AND owner_code IS NOT NULL AND outside IS NULL) OR (kind = 'out' AND owner_code IS NULL)),
    CHECK (starts <= ends), CHECK (share / part <= 1), CHECK (kind <> 'never')
)
"""
CHECKED_ROWS = """
INSERT INTO parents SELECT 'KH' || 654000 + n FROM generate_series(1, 30) AS n;
INSERT INTO t SELECT n, CASE WHEN n % 3 = 0 THEN 'own' ELSE 'out' END, CASE WHEN n % 3 = 0 THEN 'KH' || 654000 + n % 30
+ 1 END, CASE WHEN n % 3 = 1 THEN 'outsideperson' END, 10 + n % 2 * 10, 'SW7P 3QQ', '+254 712 555' || n, '2021-03-04',
'2022-03-04', 0.5, n FROM generate_series(1, 60) AS n
"""


def test_checks_of_many_kinds_are_fulfilled(shop):
    original, connection = shop(CHECKED, CHECKED_ROWS)
    counts = "SELECT kind, count(owner_code), count(outside), count(phone), count(ends) FROM t GROUP BY 1 ORDER BY 1"

    with reduced(connection, original) as copy:
        assert (copy.told.left_out, copy.told.lost, copy.told.empty, copy.filled.not_restored) == ((), (), (), ())
        assert copy.database.rows(counts) == original.rows(counts)
        secrets = ("KH6540", "outsideperson", "SW7P 3QQ", "712 555", "2021-03-04")
        assert [one for one in secrets if one in copy.dump] == []


def test_what_the_plan_demands_is_true_of_as_many_rows(shop):
    original, connection = shop(
        "CREATE TABLE t (id int PRIMARY KEY, a text, b text, kind text, amount int, twice text)",
        "INSERT INTO t SELECT n, repeat('s', n), n::text, CASE WHEN n % 3 = 0 THEN 'new' ELSE 'odd' END, n * 10,"
        "'value' || n % 30 FROM generate_series(1, 40) AS n; UPDATE t SET b = 'no number ' || id WHERE id > 30",
    )
    demands = (
        demand("length", "a", type_after="character varying(10)", category="S"),
        demand("cast", "b", type_after="integer", type_before="text", category="S"),
        demand("check", "amount", condition="(new_amount > 150)", name="enough"),
        demand("enum", "kind", labels=("new", "used"), type_after="kinds"),
        demand("unique", "twice", keys=("(new_twice)",)),
    )
    with reduced(connection, original, *demands) as copy:
        count = """SELECT count(*) FILTER (WHERE length(a) > 10), count(*) FILTER (WHERE amount > 150),
            count(*) FILTER (WHERE kind IN ('new', 'used')), count(DISTINCT twice), count(*) FROM t"""
        castable = "SELECT count(*) FROM t WHERE pg_input_is_valid(b, 'integer')"

        assert copy.database.rows(count) == original.rows(count)
        if original.connection.info.server_version >= 160000:
            assert (copy.database.value(castable), copy.told.lost) == (30, ())
        else:
            assert ["without converting it" in one for one in copy.told.lost] == [True]


def test_what_could_fail_is_not_asked_and_named(shop):
    original, connection = shop(
        "CREATE TABLE t (id int PRIMARY KEY, a text, b int, ip text[] UNIQUE, g int4multirange,"
        "span tsrange NOT NULL, EXCLUDE USING gist (span WITH &&));"
        "ALTER TABLE t ADD CONSTRAINT late CHECK (a::int > 5) NOT VALID",
    )
    original.execute("ALTER TABLE t DISABLE TRIGGER ALL; ALTER TABLE t DROP CONSTRAINT late")
    original.execute(
        "INSERT INTO t VALUES (1, 'secretword', 1, '{10.0.0.9}', '{}', '[2020-01-01,2021-01-01)'),"
        "(2, 'secretword', 2, NULL, '{}', '[2021-01-01,2022-01-01)')"
    )
    original.execute("ALTER TABLE t ADD CONSTRAINT late CHECK (a::int > 5) NOT VALID")
    begin = original.server.log.stat().st_size

    with reduced(connection, original, demand("check", "b", condition="(100 / new_b > 7)", name="ratio")) as copy:
        said = " ".join(copy.told.lost)
        assert (copy.told.rows, copy.filled.not_restored) == (2, ())

    assert "CHECK late of public.t: it is NOT VALID, and to evaluate it could fail" in said
    assert "check ratio of b): to evaluate it could fail" in said
    assert 'key "ip" of public.t: filled, not replaced' in said
    assert "secretword" not in original.server.log.read_bytes()[begin:].decode()


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", True),
        ("(amount >= (0)::numeric)", True),
        ("((born < '2020-01-01'::date) AND (char_length(name) > 3))", True),
        ("(email ~~ '%@%'::text)", True),
        ("((a)::integer > 5)", False),
        ("((a)::numeric > (5)::numeric)", False),
        ("((a / b) > 5)", False),
        ("own_function(a)", False),
        ("((price)::numeric(4,1) > (0)::numeric)", False),
    ],
)
def test_an_expression_is_harmless_if_it_fails_for_no_value(expression, wanted):
    assert is_harmless(expression) is wanted
