-- named: indexes and constraints of tables, their columns, whether they are valid, and whether rows must be unique
SELECT i.indrelid::bigint AS table_oid, c.relname::text AS name, i.indisvalid AND i.indisready AS is_valid,
       i.indisunique AND i.indpred IS NULL AS is_unique,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
             ORDER BY a.attname) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ANY (%(oids)s::oid[])
UNION ALL
SELECT conrelid::bigint, conname::text, convalidated, false, '{}' FROM pg_constraint
WHERE conrelid = ANY (%(oids)s::oid[])

-- types: the numbers of types by their names; NULL for one that does not exist
SELECT name, to_regtype(name)::oid::bigint AS oid FROM unnest(%(names)s::text[]) AS name

-- extensions: the extensions of this database
SELECT extname::text FROM pg_extension
