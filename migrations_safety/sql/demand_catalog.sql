-- tables: the tables of the project with these oids (NULL: all of them)
SELECT c.oid::bigint AS oid, c.oid::regclass::text AS name, n.nspname AS schema, c.relname AS relation,
       c.relkind = 'p' AS is_partitioned, c.relispartition AS is_partition,
       (SELECT inhparent::bigint FROM pg_inherits WHERE inhrelid = c.oid AND c.relispartition) AS parent,
       pg_get_partition_constraintdef(c.oid) AS bounds
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'migrations_safety_scratch')
  AND c.relname <> 'django_migrations' AND NOT starts_with(c.relname, 'migrations_safety_')
  AND (c.oid = ANY(%(oids)s) OR %(oids)s::oid[] IS NULL)

-- there: which of these tables there still are
SELECT oid::bigint FROM pg_class WHERE oid = ANY(%(oids)s)

-- now: the oldest transaction that is not over, as a mark for `changed`
SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text

-- changed: the tables whose definition a transaction since that mark has changed
SELECT DISTINCT oid::bigint FROM (
    SELECT oid, xmin FROM pg_class UNION ALL SELECT attrelid, xmin FROM pg_attribute
    UNION ALL SELECT conrelid, xmin FROM pg_constraint UNION ALL SELECT indrelid, xmin FROM pg_index
    UNION ALL SELECT p.partdefid, i.xmin FROM pg_inherits AS i
              JOIN pg_partitioned_table AS p ON p.partrelid = i.inhparent
    UNION ALL SELECT a.attrelid, t.xmin FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
              WHERE t.typtype = 'd'
    UNION ALL SELECT a.attrelid, r.xmin FROM pg_attribute AS a JOIN pg_constraint AS r ON r.contypid = a.atttypid
              WHERE r.contypid <> 0
) AS definitions WHERE oid = ANY(%(oids)s) AND age(xmin) <= age(%(since)s::text::xid)

-- types: all types that there are
SELECT oid::bigint FROM pg_type

-- columns: the columns of tables, with what rows have that were there before a new one; only leaf partitions know it
SELECT a.attrelid::bigint AS table_oid, a.attnum::int AS number, a.attname AS name,
       a.atttypid::bigint AS type_oid, format_type(a.atttypid, a.atttypmod) AS type,
       t.typcategory::text AS category,
       CASE WHEN t.typtype = 'e' THEN ARRAY(
           SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder
       ) END AS labels,
       a.atttypmod AS type_modifier,
       t.typnotnull OR a.attnotnull AND NOT EXISTS (
           SELECT FROM pg_constraint AS n WHERE n.conrelid = a.attrelid AND n.contype = 'n'
             AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated
       ) AS is_required,
       coalesce(leaf.atthasmissing, a.atthasmissing) AS is_filled,
       (coalesce(leaf.attmissingval::text, a.attmissingval::text)::text[])[1] AS constant,
       a.atthasdef OR a.attidentity <> '' AS has_default,
       a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid)
           ~ '^(nextval|gen_random_uuid|uuidv4|uuidv7|uuid_generate_v4)\(', false) AS is_distinct
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN LATERAL (
    SELECT l.atthasmissing, l.attmissingval FROM pg_partition_tree(a.attrelid) AS tree
    JOIN pg_attribute AS l ON l.attrelid = tree.relid AND l.attname = a.attname WHERE tree.isleaf LIMIT 1
) AS leaf ON a.attrelid IN (SELECT partrelid FROM pg_partitioned_table)
WHERE a.attrelid = ANY(%(oids)s) AND a.attnum > 0 AND NOT a.attisdropped

-- domain_checks: the valid CHECK constraints of the domains that columns of tables have
SELECT r.oid::bigint AS oid, a.attrelid::bigint AS table_oid, r.conname AS name, false AS is_key, true AS of_domain,
       c.relispartition AS is_inherited,
       ARRAY[a.attnum::int] AS numbers, pg_get_expr(r.conbin, 0) AS expression, NULL::bigint AS parent,
       NULL::int[] AS parent_numbers, false AS is_full, false AS has_period, '{}'::text[] AS operators
FROM pg_attribute AS a JOIN pg_constraint AS r ON r.contypid = a.atttypid AND r.contype = 'c' AND r.convalidated
JOIN pg_class AS c ON c.oid = a.attrelid
WHERE a.attrelid = ANY(%(oids)s) AND a.attnum > 0 AND NOT a.attisdropped AND r.contypid <> 0

-- constraints: the valid CHECK constraints and foreign keys of tables
SELECT r.oid::bigint AS oid, r.conrelid::bigint AS table_oid, r.conname AS name, r.contype = 'f' AS is_key,
       false AS of_domain, r.conparentid <> 0 OR c.relispartition AND r.coninhcount > 0 AS is_inherited,
       r.conkey::int[] AS numbers, pg_get_expr(r.conbin, r.conrelid) AS expression,
       nullif(r.confrelid, 0)::bigint AS parent, r.confkey::int[] AS parent_numbers,
       r.confmatchtype = 'f' AS is_full, pg_get_constraintdef(r.oid) LIKE '%% PERIOD %%' AS has_period,
       ARRAY(SELECT format('OPERATOR(%%I.%%s)', s.nspname, o.oprname)
             FROM unnest(r.conpfeqop) WITH ORDINALITY AS u (operator, place)
             JOIN pg_operator AS o ON o.oid = u.operator JOIN pg_namespace AS s ON s.oid = o.oprnamespace
             ORDER BY u.place) AS operators
FROM pg_constraint AS r JOIN pg_class AS c ON c.oid = r.conrelid
WHERE r.conrelid = ANY(%(oids)s) AND r.contype IN ('c', 'f') AND r.convalidated

-- indexes: the unique and excluding indexes of tables
SELECT i.indexrelid::bigint AS oid, i.indrelid::bigint AS table_oid, c.relname AS name,
       c.relispartition AS is_inherited, i.indnullsnotdistinct AS nulls_are_equal,
       pg_get_expr(i.indpred, i.indrelid) AS condition,
       ARRAY(SELECT format('(%%s)', pg_get_indexdef(i.indexrelid, k, true))
                 || coalesce(' COLLATE ' || quote_ident(n.nspname) || '.' || quote_ident(l.collname), '')
             FROM generate_series(1, i.indnkeyatts) AS k
             LEFT JOIN pg_collation AS l ON l.oid = i.indcollation[k - 1]
             LEFT JOIN pg_namespace AS n ON n.oid = l.collnamespace ORDER BY k) AS keys,
       ARRAY(SELECT k::int FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (k, place)
             WHERE k > 0 AND place <= i.indnkeyatts
             UNION SELECT d.refobjsubid FROM pg_depend AS d
             WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
               AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
             ORDER BY 1) AS numbers,
       ARRAY(SELECT format('OPERATOR(%%I.%%s)', s.nspname, o.oprname)
             FROM pg_constraint AS r CROSS JOIN unnest(r.conexclop) WITH ORDINALITY AS u (operator, place)
             JOIN pg_operator AS o ON o.oid = u.operator JOIN pg_namespace AS s ON s.oid = o.oprnamespace
             WHERE r.conrelid = i.indrelid AND r.conindid = i.indexrelid
               AND r.contype IN ('x', 'p', 'u') ORDER BY u.place) AS operators
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY(%(oids)s) AND (i.indisunique OR i.indisexclusion) AND i.indisvalid
