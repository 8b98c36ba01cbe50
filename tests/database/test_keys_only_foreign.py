"""`rehearse --keys-only` in a project of somebody else: every kind of key and column, and no value of any row."""

import pytest

from tests.support.keys_only import reduced

pytestmark = pytest.mark.slow

SCHEMA = """
CREATE TYPE mood AS ENUM ('calm', 'tense');
CREATE DOMAIN short_code AS text CHECK (VALUE ~ '^[A-Z]{2}[0-9]+$' AND length(VALUE) < 12);
CREATE DOMAIN share AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE owners (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, mood mood NOT NULL, share share,
    boss_id bigint REFERENCES owners, favourite_id bigint, tags text[], extra jsonb NOT NULL DEFAULT '{}',
    born date, died date, bio text, label text GENERATED ALWAYS AS (upper(email)) STORED,
    balance numeric(12, 2) CHECK (balance >= 0), grade text CHECK (grade IN ('good', 'bad')), vip boolean NOT NULL,
    phone varchar(20) CHECK (phone <> ''), address inet, span daterange, CHECK (born <= died)
);
CREATE UNIQUE INDEX owners_email ON owners (lower(email));
CREATE UNIQUE INDEX one_vip ON owners (boss_id) WHERE vip;
CREATE TABLE pets (
    code short_code PRIMARY KEY, owner_id bigint NOT NULL REFERENCES owners, name varchar(30) NOT NULL,
    UNIQUE (owner_id, name)
);
ALTER TABLE owners ADD FOREIGN KEY (favourite_id) REFERENCES owners DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE left_side (id integer PRIMARY KEY, right_id integer);
CREATE TABLE right_side (id integer PRIMARY KEY, left_id integer REFERENCES left_side);
ALTER TABLE left_side ADD FOREIGN KEY (right_id) REFERENCES right_side;
CREATE TABLE visits (
    id bigint, seen timestamptz, owner_id bigint, note text, PRIMARY KEY (id, seen)
) PARTITION BY RANGE (seen);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM ('2000-01-01 00:00+00') TO ('2024-01-01 00:00+00');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2026-07-01 00:00+00');
CREATE TABLE bills (id serial PRIMARY KEY, visit bigint, seen timestamptz, region text NOT NULL, mystery bigint,
                    FOREIGN KEY (visit, seen) REFERENCES visits);
CREATE TABLE regions (region text, day date, n int, PRIMARY KEY (region, day)) PARTITION BY LIST (region);
CREATE TABLE regions_north PARTITION OF regions FOR VALUES IN ('north');
CREATE TABLE regions_rest PARTITION OF regions DEFAULT;
"""
ROWS = """
INSERT INTO owners (email, mood, share, tags, extra, born, died, bio, balance, grade, vip, phone, address, span)
SELECT 'Person' || n || '@clinic-of-value.example', (ARRAY['calm', 'tense'])[n % 2 + 1]::mood, n % 100,
       ARRAY['secrettag' || n], jsonb_build_object('secretkey', 'secretvalue' || n), date '1950-03-04' + n,
       CASE WHEN n % 3 = 0 THEN date '2020-03-04' + n END,
       CASE WHEN n % 7 > 0 THEN repeat('secretbio' || n, n * 2) END, n * 1.25,
       CASE n % 3 WHEN 0 THEN 'good' WHEN 1 THEN 'bad' END, n % 10 = 0, '+2547' || 10000000 + n * 7919,
       '192.168.77.9', '[2020-01-01,2020-02-02)' FROM generate_series(1, 200) AS n;
UPDATE owners SET boss_id = id - 1 WHERE id > 1;
UPDATE owners SET favourite_id = 201 - id;
INSERT INTO pets SELECT 'KX' || 771000000 + n, 1 + n % 100, 'Secretpet' || n FROM generate_series(1, 300) AS n;
INSERT INTO left_side SELECT n FROM generate_series(500000000, 500000050) AS n;
INSERT INTO right_side SELECT n + 100000000, n FROM generate_series(500000000, 500000050) AS n;
UPDATE left_side SET right_id = id + 100000000 WHERE id % 2 = 0;
INSERT INTO visits SELECT n, timestamptz '2023-06-01 08:15:30.125+00' + n * interval '1 day', 1 + n % 250,
       'secretnote' || n FROM generate_series(1, 500) AS n;
INSERT INTO bills (visit, seen, region, mystery) SELECT id, seen, 'secretregion', 987654321000 + id FROM visits;
INSERT INTO regions SELECT r, date '2021-05-06' + n, n FROM unnest(ARRAY['north', 'secretplace']) AS r,
generate_series(1, 40) AS n;
ANALYZE;
"""
SECRETS = """
SELECT email FROM owners UNION SELECT phone FROM owners UNION SELECT upper(email) FROM owners
UNION SELECT unnest(tags) FROM owners UNION SELECT extra->>'secretkey' FROM owners UNION SELECT bio FROM owners
UNION SELECT code FROM pets UNION SELECT name FROM pets UNION SELECT note FROM visits
UNION SELECT mystery::text FROM bills UNION SELECT id::text FROM left_side UNION SELECT id::text FROM right_side
UNION SELECT address::text FROM owners
UNION SELECT 'secretkey' UNION SELECT 'secretregion' UNION SELECT 'secretplace'
"""
COUNTS = """
SELECT count(*), count(died), count(share), count(boss_id), count(bio), count(grade) FROM owners;
SELECT count(*) FROM owners AS o JOIN owners AS b ON b.id = o.boss_id;
SELECT count(*) FROM owners AS o JOIN owners AS b ON b.id = o.favourite_id;
SELECT count(*) FROM owners WHERE vip;
SELECT count(*), count(DISTINCT owner_id), max(length(name)), min(length(name)) FROM pets;
SELECT count(*), count(right_id), min(length(id::text)), max(length(id::text)) FROM left_side;
SELECT count(*) FROM left_side AS l JOIN right_side AS r ON r.id = l.right_id AND r.left_id = l.id;
SELECT count(*) FROM visits_old; SELECT count(*) FROM visits_new;
SELECT count(*) FROM visits AS v WHERE NOT EXISTS (SELECT FROM owners AS o WHERE o.id = v.owner_id);
SELECT count(*), count(DISTINCT (visit, seen)) FROM bills;
SELECT count(*) FROM regions_north; SELECT count(*), count(DISTINCT day) FROM regions_rest;
SELECT sum(length(note)) FROM visits;
SELECT count(*) FROM pg_constraint WHERE convalidated AND connamespace = 'public'::regnamespace;
SELECT count(*) FROM pg_index WHERE indisvalid
"""


@pytest.fixture
def foreign(empty, in_process):
    empty.execute(SCHEMA)
    empty.execute(ROWS)
    return empty, in_process(empty)


def counted(database):
    return [database.rows(one) for one in COUNTS.split(";")]


def test_keys_stay_keys_and_no_value_is_anywhere_in_the_copy(foreign):
    original, connection = foreign
    with reduced(connection, original) as copy:
        dump = copy.dump
        figures = str(copy.database.rows("SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats"))

        found = [one for (one,) in original.rows(SECRETS) if one and (one in dump or one in figures)]

        assert found == []
        assert counted(copy.database) == counted(original)
        assert (copy.told.left_out, copy.told.empty, copy.filled.not_restored) == ((), (), ())
        assert copy.database.value("SELECT last_value >= (SELECT max(id) FROM owners) FROM owners_id_seq")
        copy.database.execute("INSERT INTO owners (email, mood, vip) VALUES ('new', 'calm', true)")
        size = "SELECT pg_total_relation_size('owners') + pg_total_relation_size('visits_old')"
        assert 0.6 < copy.database.value(size) / original.value(size) < 1.6
