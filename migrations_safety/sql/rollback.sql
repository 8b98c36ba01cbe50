-- dependents: views, keys of other tables and functions that depend on a table or column which is dropped
SELECT DISTINCT v.oid::regclass::text AS name,
       CASE v.relkind WHEN 'm' THEN 'a materialized view' ELSE 'a view' END AS kind,
       dropped.table_oid::bigint AS table_oid, dropped.column_name
FROM unnest(%(oids)s::oid[], %(columns)s::text[]) AS dropped (table_oid, column_name)
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = dropped.table_oid
                AND d.classid = 'pg_rewrite'::regclass
JOIN pg_rewrite r ON r.oid = d.objid
JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
LEFT JOIN pg_attribute a ON a.attrelid = dropped.table_oid AND a.attname = dropped.column_name
WHERE dropped.column_name IS NULL OR d.refobjsubid = a.attnum
UNION
SELECT con.conname, 'a foreign key of ' || con.conrelid::regclass::text, dropped.table_oid::bigint, dropped.column_name
FROM unnest(%(oids)s::oid[], %(columns)s::text[]) AS dropped (table_oid, column_name)
JOIN pg_constraint con ON con.confrelid = dropped.table_oid AND con.contype = 'f' AND con.conparentid = 0
LEFT JOIN pg_attribute a ON a.attrelid = dropped.table_oid AND a.attname = dropped.column_name
WHERE con.conrelid <> ALL (%(touched)s::oid[]) AND (dropped.column_name IS NULL OR a.attnum = ANY (con.confkey))
UNION
SELECT f.oid::regprocedure::text, CASE f.prokind WHEN 'p' THEN 'a procedure' ELSE 'a function' END,
       dropped.table_oid::bigint, dropped.column_name
FROM unnest(%(oids)s::oid[], %(columns)s::text[]) AS dropped (table_oid, column_name)
JOIN pg_type t ON t.typrelid = dropped.table_oid
LEFT JOIN pg_attribute a ON a.attrelid = dropped.table_oid AND a.attname = dropped.column_name
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.deptype = 'n'
                AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = dropped.table_oid
                     AND (dropped.column_name IS NULL OR d.refobjsubid = a.attnum)
                     OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
                     AND dropped.column_name IS NULL)
JOIN pg_proc f ON f.oid = d.objid
ORDER BY 1
