-- dependents: the objects outside of a table that depend on it or on its column, and what else forbids to keep it
WITH RECURSIVE family AS (
    SELECT %(oid)s::oid AS oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN family ON i.inhparent = family.oid
), tree AS (  -- a column goes from the tables that inherit it, too; a table goes with its partitions alone
    SELECT family.oid FROM family JOIN pg_class c ON c.oid = family.oid
    WHERE %(column)s::text IS NOT NULL OR c.relispartition OR c.oid = %(oid)s
), own AS (
    SELECT oid FROM tree
    UNION SELECT indexrelid FROM pg_index JOIN tree ON indrelid = tree.oid
), asked AS (
    SELECT tree.oid, a.attnum FROM tree
    LEFT JOIN pg_attribute a ON a.attrelid = tree.oid AND a.attname = %(column)s::text AND NOT a.attisdropped
), found AS (
    SELECT DISTINCT d.classid, d.objid, d.objsubid FROM pg_depend d JOIN asked
        ON d.refclassid = 'pg_class'::regclass AND d.refobjid = asked.oid
        AND (%(column)s::text IS NULL OR d.refobjsubid = asked.attnum)
    WHERE d.deptype IN ('n', 'a') AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT oid FROM own))
    UNION
    SELECT DISTINCT d.classid, d.objid, d.objsubid FROM pg_depend d JOIN pg_class c ON c.reltype = d.refobjid
        JOIN tree ON tree.oid = c.oid
    WHERE d.refclassid = 'pg_type'::regclass AND d.deptype = 'n' AND %(column)s::text IS NULL
), outside AS (
    SELECT found.*, coalesce(v.oid, 0) AS view FROM found
    LEFT JOIN pg_rewrite w ON found.classid = 'pg_rewrite'::regclass AND w.oid = found.objid
    LEFT JOIN pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
    LEFT JOIN pg_constraint k ON found.classid = 'pg_constraint'::regclass AND k.oid = found.objid
    LEFT JOIN pg_attrdef e ON found.classid = 'pg_attrdef'::regclass AND e.oid = found.objid
    LEFT JOIN pg_class s ON found.classid = 'pg_class'::regclass AND s.oid = found.objid
    LEFT JOIN pg_trigger t ON found.classid = 'pg_trigger'::regclass AND t.oid = found.objid
    LEFT JOIN pg_policy p ON found.classid = 'pg_policy'::regclass AND p.oid = found.objid
    WHERE found.classid NOT IN ('pg_statistic_ext'::regclass, 'pg_publication_rel'::regclass)
      AND k.oid IS NULL
      AND NOT (s.oid IS NOT NULL AND s.relkind IN ('S', 't'))
      AND NOT (e.oid IS NOT NULL AND (%(column)s::text IS NULL AND e.adrelid IN (SELECT oid FROM tree)
                                      OR (e.adrelid, e.adnum) IN (SELECT oid, attnum FROM asked)))
      AND NOT (%(column)s::text IS NULL AND t.oid IS NOT NULL AND t.tgrelid IN (SELECT oid FROM tree))
      AND NOT (t.oid IS NOT NULL AND t.tgisinternal)
      AND NOT (%(column)s::text IS NULL AND p.oid IS NOT NULL AND p.polrelid IN (SELECT oid FROM tree))
      AND NOT (%(column)s::text IS NULL AND w.oid IS NOT NULL AND w.ev_class IN (SELECT oid FROM tree))
)
SELECT DISTINCT 'object' AS kind,
       CASE WHEN view <> 0 THEN pg_describe_object('pg_class'::regclass, view, 0)
            ELSE pg_describe_object(classid, objid, objsubid) END AS name
FROM outside
UNION ALL
SELECT 'publication', 'publication ' || string_agg(DISTINCT p.pubname, ', ')
FROM tree JOIN pg_class c ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_publication_tables p ON p.schemaname = n.nspname AND p.tablename = c.relname
WHERE %(column)s::text IS NULL OR %(column)s::text = ANY (p.attnames)
HAVING count(*) > 0
UNION ALL
SELECT 'replica identity', 'the replica identity, index ' || x.indexrelid::regclass
FROM asked JOIN pg_index x ON x.indrelid = asked.oid AND x.indisreplident AND asked.attnum = ANY (x.indkey::int2[])
UNION ALL
SELECT 'partition', CASE WHEN c.relispartition THEN 'its partitioned table ' ELSE 'its parent table ' END
       || i.inhparent::regclass
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhrelid = %(oid)s AND (c.relispartition OR %(column)s::text IS NULL)
UNION ALL
SELECT 'inheritance', 'the column of ' || asked.oid::regclass || ', which has it not from this table alone,'
FROM asked JOIN pg_attribute a ON a.attrelid = asked.oid AND a.attnum = asked.attnum
WHERE asked.oid <> %(oid)s AND (a.attislocal OR a.attinhcount > 1)
UNION ALL
SELECT 'extension', 'extension ' || e.extname
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.classid = 'pg_class'::regclass AND d.objid IN (SELECT oid FROM tree) AND d.deptype = 'e'
  AND d.refclassid = 'pg_extension'::regclass AND %(column)s::text IS NULL
UNION ALL
SELECT 'foreign table', 'its partition ' || c.oid::regclass || ' on another server'
FROM tree JOIN pg_class c ON c.oid = tree.oid WHERE c.relkind = 'f'
UNION ALL
SELECT 'partition key', 'the partition key'
FROM asked JOIN pg_partitioned_table k ON k.partrelid = asked.oid
WHERE asked.attnum = ANY(k.partattrs::int2[])
ORDER BY 1, 2

-- domain: the domain that is the type of a column; no row where its type is none
SELECT format_type(a.atttypid, NULL) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %(oid)s AND a.attname = %(column)s AND NOT a.attisdropped AND t.typtype = 'd'

-- null_of: fails where the type takes no NULL
SELECT CAST(NULL AS {type})
