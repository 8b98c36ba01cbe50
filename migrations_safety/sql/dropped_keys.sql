-- exists: true where keys were ever remembered
SELECT to_regclass('migrations_safety_kept.dropped_key') IS NOT NULL

-- create: the keys that were dropped before their columns
CREATE TABLE IF NOT EXISTS migrations_safety_kept.dropped_key (
    schema_name text NOT NULL,
    table_name text NOT NULL,
    key jsonb NOT NULL
)

-- add: one key
INSERT INTO migrations_safety_kept.dropped_key VALUES (%(schema)s, %(table)s, %(key)s::jsonb)

-- take: the keys of a column, which are remembered no more
DELETE FROM migrations_safety_kept.dropped_key
WHERE schema_name = %(schema)s AND table_name = %(table)s AND key -> 'columns' ? %(column)s
RETURNING key

-- forget: all keys of a run that has ended
DELETE FROM migrations_safety_kept.dropped_key
