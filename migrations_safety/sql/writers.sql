-- patient: a write waits as long as it has to, so that its wait can be measured
SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)

-- tables: for each table a column that can be written, not one of a key if there is another, and a share of its pages
SELECT c.oid::regclass::text, n.nspname, c.relname, a.attname::text,
       greatest(least(100, 1000.0 / greatest(c.relpages, 1)), 0.001)::float8
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT a.attname FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
    ORDER BY EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND a.attnum = ANY(i.indkey)), a.attnum LIMIT 1
) AS a
WHERE c.relkind = 'r' AND c.oid::regclass::text = ANY(%(tables)s)

-- write: one row, with the value that it has
UPDATE {table} SET {column} = {column}
WHERE ctid = (SELECT ctid FROM {table} TABLESAMPLE SYSTEM ({percent}) LIMIT 1)
