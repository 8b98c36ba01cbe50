-- table: the oid of a table, by its name in SQL
SELECT to_regclass(%(name)s)::oid::bigint

-- keys: the foreign keys of tables that stay to a table, or to one of its columns
SELECT DISTINCT 'the foreign key ' || k.conname || ' of ' || k.conrelid::regclass
FROM pg_constraint k
LEFT JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attname = %(column)s::text AND NOT a.attisdropped
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = %(oid)s AND k.conrelid <> k.confrelid
  AND k.conrelid <> ALL (%(going)s::oid[])
  AND (%(column)s::text IS NULL OR a.attnum = ANY (k.confkey))
ORDER BY 1
