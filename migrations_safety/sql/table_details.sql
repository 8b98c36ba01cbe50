-- indexes: the indexes of the given tables, key by key, those of primary keys and constraints marked
SELECT i.indrelid::bigint AS table_oid, c.relname AS name, i.indisunique AS is_unique, am.amname AS method,
       (SELECT json_agg(json_build_object(
                   'expression', pg_get_indexdef(i.indexrelid, k, false),
                   'is_column', i.indkey[k - 1] <> 0,
                   'descending', i.indoption[k - 1] & 1 = 1,
                   'nulls_first', i.indoption[k - 1] & 2 = 2,
                   'operator_class', oc.opcname || coalesce('(' || array_to_string(ia.attoptions, ', ') || ')', ''),
                   'is_default_class', oc.opcdefault AND ia.attoptions IS NULL,
                   'collation', CASE WHEN i.indcollation[k - 1] IN (0, coalesce(a.attcollation, usual.oid)) THEN ''
                                     ELSE co.collname END) ORDER BY k)
        FROM generate_series(1, i.indnkeyatts) AS k
        JOIN pg_opclass oc ON oc.oid = i.indclass[k - 1]
        JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = k
        CROSS JOIN (SELECT 'pg_catalog.default'::regcollation::oid AS oid) AS usual
        LEFT JOIN pg_collation co ON co.oid = i.indcollation[k - 1]
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] AND a.attnum > 0) AS keys,
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false) FROM generate_series(i.indnkeyatts + 1, i.indnatts) AS k
             ORDER BY k) AS included,
       pg_get_expr(i.indpred, i.indrelid) AS predicate, i.indnullsnotdistinct AS nulls_not_distinct,
       i.indisvalid AND i.indisready AND i.indislive AS valid, coalesce(c.reloptions, '{}') AS options,
       EXISTS (SELECT FROM pg_constraint con
               WHERE con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')) AS is_of_constraint
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am am ON am.oid = c.relam
WHERE i.indrelid = ANY(%(oids)s::oid[])
ORDER BY i.indrelid, c.relname

-- constraints: the primary keys, CHECK, UNIQUE and EXCLUDE constraints of the given tables, in all that defines them
SELECT con.conrelid::bigint AS table_oid, con.conname AS name,
       CASE con.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'c' THEN 'CHECK' WHEN 'u' THEN 'UNIQUE'
                        ELSE 'EXCLUDE' END AS kind,
       pg_get_constraintdef(con.oid) AS definition,
       CASE con.contype WHEN 'c' THEN pg_get_expr(con.conbin, con.conrelid) END AS condition,
       ARRAY(SELECT oprname::text FROM unnest(con.conexclop) WITH ORDINALITY AS k(operator, position)
             JOIN pg_operator ON pg_operator.oid = k.operator ORDER BY k.position) AS operators,
       con.convalidated AS validated, coalesce((to_jsonb(con) ->> 'conenforced')::boolean, true) AS enforced,
       con.condeferrable AS deferrable, con.condeferred AS deferred
FROM pg_constraint con
WHERE con.contype IN ('p', 'c', 'u', 'x') AND con.conrelid = ANY(%(oids)s::oid[])
ORDER BY con.conrelid, con.conname

-- columns: how the columns of the given tables get their values, and their comments
SELECT a.attrelid::bigint AS table_oid, a.attname AS name,
       CASE a.attidentity WHEN 'd' THEN 'BY DEFAULT' WHEN 'a' THEN 'ALWAYS' ELSE '' END AS identity,
       CASE a.attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' ELSE '' END AS generated,
       EXISTS (SELECT FROM pg_attrdef d
               JOIN pg_depend uses ON uses.classid = 'pg_attrdef'::regclass AND uses.objid = d.oid
                                  AND uses.refclassid = 'pg_class'::regclass
               JOIN pg_class s ON s.oid = uses.refobjid AND s.relkind = 'S'
               JOIN pg_depend owned ON owned.classid = 'pg_class'::regclass AND owned.objid = s.oid
                                   AND owned.deptype = 'a' AND owned.refobjid = d.adrelid
                                   AND owned.refobjsubid = d.adnum
               WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) AS is_serial,
       coalesce(col_description(a.attrelid, a.attnum), '') AS comment
FROM pg_attribute a
WHERE a.attrelid = ANY(%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped

-- comments: the comments on the given tables
SELECT oid::bigint, obj_description(oid, 'pg_class') FROM pg_class
WHERE oid = ANY(%(oids)s::oid[]) AND obj_description(oid, 'pg_class') IS NOT NULL
