-- settle: names with their schemas, one form of values, no row that a policy hides, no JIT for queries on the catalog
SELECT set_config('search_path', '', false), set_config('TimeZone', 'UTC', false),
       set_config('DateStyle', 'ISO', false), set_config('IntervalStyle', 'postgres', false),
       set_config('bytea_output', 'hex', false), set_config('extra_float_digits', '1', false),
       set_config('row_security', 'off', false), set_config('jit', 'off', false)

-- wait: no limit of time, whatever the role or the database has
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_session_timeout',
               'idle_in_transaction_session_timeout')

-- tables: all tables that hold rows, partitions in place of partitioned tables; not those of extensions
SELECT c.oid, n.nspname AS schema, c.relname AS relation, rn.nspname AS root_schema, r.relname AS root_relation,
       greatest(c.reltuples, 0)::bigint AS rows, pg_table_size(c.oid) AS bytes,
       pg_relation_size(c.oid) = 0 AS is_empty
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_class AS r ON r.oid = CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END
JOIN pg_namespace AS rn ON rn.oid = r.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname

-- columns: their columns with the types that are behind domains
WITH RECURSIVE behind AS (
    SELECT oid, oid AS base, typtypmod AS modifier, false AS is_checked FROM pg_type WHERE typbasetype = 0
    UNION ALL
    SELECT t.oid, behind.base, greatest(t.typtypmod, behind.modifier),
           behind.is_checked OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c')
    FROM pg_type AS t JOIN behind ON t.typbasetype = behind.oid
)
SELECT a.attrelid AS table_oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, t.typname AS base,
       t.typcategory AS category, t.typtype AS kind, e.typname AS element, e.typcategory AS element_category,
       e.typtype AS element_kind,
       behind.is_checked AS is_checked, nullif(greatest(a.atttypmod, behind.modifier), -1) AS modifier,
       a.attnotnull OR d.typnotnull AS is_required, a.attgenerated <> '' AS is_generated,
       array(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) AS labels,
       (SELECT count(*) FROM pg_attribute AS f WHERE f.attrelid = t.typrelid AND f.attnum > 0) AS attributes,
       array(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint AS k WHERE k.contypid = d.oid) AS domain_checks,
       (SELECT s.n_distinct FROM pg_stats AS s JOIN pg_namespace AS n ON n.nspname = s.schemaname
        WHERE s.tablename = c.relname AND n.oid = c.relnamespace AND s.attname = a.attname LIMIT 1) AS distinct_values,
       (SELECT pg_get_expr(g.adbin, g.adrelid) FROM pg_attrdef AS g
        WHERE g.adrelid = a.attrelid AND g.adnum = a.attnum AND a.attgenerated <> '') AS expression
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
JOIN behind ON behind.oid = a.atttypid JOIN pg_type AS t ON t.oid = behind.base JOIN pg_type AS d ON d.oid = a.atttypid
LEFT JOIN pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE a.attrelid = ANY (%(oids)s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum

-- indexes: those in which rows are compared with each other, and those of expressions
SELECT i.indrelid AS table_oid, i.indisunique OR i.indisexclusion AS compares, i.indexrelid::regclass::text AS name,
       pg_get_expr(i.indexprs, i.indrelid) AS expression, pg_get_expr(i.indpred, i.indrelid) AS condition,
       array(SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = i.indrelid
             AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns
FROM pg_index AS i WHERE (i.indisunique OR i.indisexclusion OR i.indexprs IS NOT NULL) AND i.indrelid = ANY (%(oids)s)

-- keys: the columns of foreign keys, one pair in each row; those of partitions too
SELECT k.conrelid AS table_oid, c.attname::text AS column, k.confrelid AS parent_oid, p.attname::text AS parent_column
FROM pg_constraint AS k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (child, parent)
JOIN pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = pair.child
JOIN pg_attribute AS p ON p.attrelid = k.confrelid AND p.attnum = pair.parent
WHERE k.contype = 'f'

-- partition_keys: the columns by which the tables above a partition spread their rows
SELECT c.oid AS table_oid, a.attname::text AS column
FROM pg_class AS c CROSS JOIN LATERAL pg_partition_ancestors(c.oid) AS up (oid)
JOIN pg_partitioned_table AS t ON t.partrelid = up.oid
JOIN pg_attribute AS a ON a.attrelid = t.partrelid AND a.attnum = ANY (t.partattrs::int2[])
WHERE c.relispartition AND c.oid = ANY (%(oids)s)

-- bounds: those of all partitions
SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition AND relpartbound IS NOT NULL

-- checks: what a row must fulfil, in each of the tables
SELECT k.conrelid AS table_oid, k.conname AS name, pg_get_expr(k.conbin, k.conrelid) AS condition,
       k.convalidated AS is_valid
FROM pg_constraint AS k WHERE k.contype = 'c' AND k.conrelid = ANY (%(oids)s) ORDER BY k.conname
