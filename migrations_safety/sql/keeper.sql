-- find: the table of a name as it is written in SQL, where it is one that holds rows
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(%(name)s) AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'

-- columns: the columns of each table that is neither temporary nor of the system, without generated ones
SELECT c.oid::bigint, c.oid::regclass::text,
       (SELECT array_agg(a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'

-- key: a foreign key of a table, with the columns that it has
SELECT n.nspname::text AS schema, c.relname::text AS relation, k.conname::text AS name,
       pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated, k.contype::text AS kind, NULL AS index,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey))
           AS columns, obj_description(k.oid, 'pg_constraint') AS comment, false AS is_clustered
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.conrelid = %(oid)s AND k.conname = %(name)s AND k.contype = 'f'
