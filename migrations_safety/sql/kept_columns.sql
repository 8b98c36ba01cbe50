-- column: what a column is, before it is kept
SELECT a.attnum, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
       pg_get_expr(d.adbin, d.adrelid) AS default_sql, a.attidentity::text AS identity,
       a.attgenerated::text AS generated,
       (SELECT k.conname::text FROM pg_constraint k
        WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]) AS required_by
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %(oid)s AND a.attname = %(column)s AND NOT a.attisdropped AND a.attnum > 0

-- constraints: the constraints of the tables of a tree that have the column, and the foreign keys that reference it
SELECT n.nspname::text AS schema, c.relname::text AS relation, k.conname::text AS name,
       pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated, k.contype::text AS kind,
       CASE WHEN k.contype IN ('p', 'u') THEN pg_get_indexdef(k.conindid) END AS index,
       '{}'::text[] AS columns, obj_description(k.oid, 'pg_constraint') AS comment,
       coalesce((SELECT indisclustered FROM pg_index WHERE indexrelid = k.conindid AND k.contype <> 'f'), false)
           AS is_clustered
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attname = %(column)s AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
         OR a.attrelid = k.confrelid AND a.attnum = ANY(k.confkey))
WHERE a.attrelid = ANY(%(tree)s::oid[]) AND k.contype IN ('p', 'u', 'c', 'x', 'f') AND k.conparentid = 0
  AND (k.contype <> 'c' OR k.coninhcount = 0)
GROUP BY k.oid, 1, 2, 3 ORDER BY k.contype <> 'f', k.oid

-- indexes: the indexes of the tables of a tree that have the column in any place and belong to no constraint
SELECT n.nspname::text AS schema, t.relname::text AS relation, i.relname::text AS name,
       pg_get_indexdef(i.oid) AS definition, x.indisvalid AS validated, 'i' AS kind,
       NULL AS index, '{}'::text[] AS columns, obj_description(i.oid, 'pg_class') AS comment,
       x.indisclustered AS is_clustered
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attname = %(column)s AND NOT a.attisdropped
WHERE x.indrelid = ANY(%(tree)s::oid[]) AND NOT i.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
  AND (a.attnum = ANY(x.indkey::int2[])
       OR EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = x.indrelid AND d.refobjsubid = a.attnum))
ORDER BY i.oid

-- sequences: the sequences that the column owns
SELECT s.oid::bigint AS oid, n.nspname::text AS schema, s.relname::text AS name, s.relkind::text AS kind
FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = %(oid)s
  AND d.refobjsubid = %(attnum)s AND d.deptype IN ('a', 'i')
ORDER BY s.oid

-- sequence_state: how an identity column counts on
SELECT state.last_value, state.is_called, s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS least,
       s.seqmax AS most, s.seqcache AS cache, s.seqcycle AS cycles
FROM {sequence} AS state, pg_sequence s WHERE s.seqrelid = %(oid)s

-- drop_constraint: takes a constraint off a table
ALTER TABLE {table} DROP CONSTRAINT {name}

-- drop_index: drops an index, whose definition was recorded
DROP INDEX {name}

-- drop_identity: an identity column becomes an ordinary one
ALTER TABLE {table} ALTER COLUMN {column} DROP IDENTITY

-- drop_default: the column has no default from now on
ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT

-- drop_not_null: writers may leave the column out from now on
ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL

-- rename: gives a column another name, in all partitions
ALTER TABLE {table} RENAME COLUMN {column} TO {name}

-- rename_sequence: gives a sequence another name
ALTER SEQUENCE {sequence} RENAME TO {name}
