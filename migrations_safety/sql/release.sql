-- columns: the columns of the tables and views that these names find, and whether an INSERT has to give a value
SELECT u.name, r.oid::oid::bigint AS oid, a.attname AS column_name, a.attnum::int AS number,
       format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS is_demanded, NOT a.attnotnull AS is_nullable
FROM unnest(%(names)s::text[]) AS u (name)
CROSS JOIN LATERAL (SELECT to_regclass(u.name) AS oid) AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped

-- names: what these tables are called now
SELECT oid::bigint, oid::regclass::text FROM pg_class WHERE oid = ANY(%(oids)s::oid[])
