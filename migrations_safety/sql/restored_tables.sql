-- find: a table by schema and name
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = %(name)s AND c.relkind IN ('r', 'p')

-- holds_rows: true where a table has a row
SELECT EXISTS (SELECT FROM {table})

-- other_columns: the columns that only one of two tables has, or that have another type there; an enum by its labels
WITH described AS (
    SELECT a.attrelid, a.attname::text AS name,
           CASE WHEN t.typtype = 'e' THEN
                (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
                ELSE format_type(a.atttypid, a.atttypmod) END AS type
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT starts_with(a.attname, 'migrations_safety_kept_')
), kept AS (
    SELECT name, type FROM described
    WHERE attrelid = format('%%I.%%I', %(schema)s::text, %(name)s::text)::regclass
), made AS (
    SELECT name, type FROM described
    WHERE attrelid = format('%%I.%%I', %(other_schema)s::text, %(other)s::text)::regclass
      AND name <> ALL (%(returning)s::text[])
)
SELECT DISTINCT name FROM ((TABLE kept EXCEPT TABLE made) UNION (TABLE made EXCEPT TABLE kept)) AS differing ORDER BY 1

-- returning: the kept columns of a kept table that the table in its place has under their old names
SELECT DISTINCT ON (r.column_name) r.number, r.column_name AS name, r.kept_name
FROM migrations_safety_kept.record r
JOIN pg_attribute a ON a.attname = r.kept_name AND NOT a.attisdropped
    AND a.attrelid = format('%%I.%%I', %(schema)s::text, %(name)s::text)::regclass
JOIN pg_attribute m ON m.attname = r.column_name AND NOT m.attisdropped
    AND m.attrelid = format('%%I.%%I', %(other_schema)s::text, %(other)s::text)::regclass
WHERE r.kind = 'column' AND r.ended IS NULL
  AND format_type(a.atttypid, a.atttypmod) = format_type(m.atttypid, m.atttypmod)
  AND NOT EXISTS (SELECT FROM pg_attribute o
                  WHERE o.attrelid = a.attrelid AND o.attname = r.column_name AND NOT o.attisdropped)
ORDER BY r.column_name, r.number DESC

-- lock: nobody reads or writes the table until the end of the transaction
LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE

-- drop_key: takes a foreign key off, which comes back afterwards
ALTER TABLE {table} DROP CONSTRAINT {name}

-- drop: drops an empty table, which PostgreSQL refuses while anything depends on it
DROP TABLE {table}

-- move: moves a table with its indexes and sequences back
ALTER TABLE {table} SET SCHEMA {schema}

-- rename_table: gives a table its name back
ALTER TABLE {table} RENAME TO {name}

-- rename_index: gives an index its name back
ALTER INDEX {table} RENAME TO {name}

-- rename_sequence: gives a sequence its name back
ALTER SEQUENCE {table} RENAME TO {name}

-- parts: the constraints of a table that are no foreign keys, and its other indexes
SELECT n.nspname::text AS schema, c.relname::text AS relation, k.conname::text AS name,
       pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated, k.contype::text AS kind,
       CASE WHEN k.contype IN ('p', 'u') THEN pg_get_indexdef(k.conindid) END AS index, '{}'::text[] AS columns,
       obj_description(k.oid, 'pg_constraint') AS comment,
       coalesce((SELECT indisclustered FROM pg_index WHERE indexrelid = k.conindid), false) AS is_clustered
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.conrelid = %(oid)s AND k.contype IN ('p', 'u', 'c', 'x')
UNION ALL
SELECT n.nspname::text, t.relname::text, i.relname::text, pg_get_indexdef(i.oid), x.indisvalid, 'i', NULL,
       '{}'::text[], obj_description(i.oid, 'pg_class'), x.indisclustered
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE x.indrelid = %(oid)s
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
ORDER BY 3
