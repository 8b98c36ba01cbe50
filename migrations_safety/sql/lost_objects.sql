-- lost: what goes with each extension, collation, role of a policy, right of superusers and foreign server
WITH RECURSIVE parts AS (
    SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
), superusers (classid, objid) AS (
    SELECT 'pg_proc'::regclass::oid, p.oid FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
    WHERE p.prokind <> 'a' AND (NOT l.lanpltrusted OR p.proleakproof)
    UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language
    UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
    UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
    UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
    UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template
    UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast WHERE castmethod = 'b'
), lost (kind, name, classid, objid) AS (
    SELECT 'extension', extname::text, 'pg_extension'::regclass::oid, oid FROM pg_extension WHERE extname <> 'plpgsql'
    UNION SELECT 'outside', '', 'pg_class'::regclass, oid FROM pg_class WHERE relkind = 'f'
    UNION SELECT 'outside', '', 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION SELECT CASE WHEN c.oid < 16384 THEN 'system collation' ELSE 'collation' END,
                 CASE WHEN c.oid < 16384 THEN c.collname::text ELSE c.oid::text END, 'pg_collation'::regclass, c.oid
    FROM pg_collation AS c
    WHERE EXISTS (SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_collation'::regclass AND d.refobjid = c.oid)
    UNION SELECT 'role', r.rolname::text, 'pg_policy'::regclass, p.oid
    FROM pg_policy AS p, unnest(p.polroles) AS u (oid) JOIN pg_roles AS r ON r.oid = u.oid
    UNION SELECT 'superuser', '', classid, objid FROM superusers
    WHERE objid >= 16384 AND (classid, objid) NOT IN (SELECT classid, objid FROM parts)
    UNION
    SELECT l.kind, l.name, n.classid, n.objid FROM lost AS l CROSS JOIN LATERAL (
        SELECT d.classid, d.objid FROM pg_depend AS d WHERE d.refclassid = l.classid AND d.refobjid = l.objid
        UNION ALL SELECT d.refclassid, d.refobjid FROM pg_depend AS d
        WHERE d.classid = l.classid AND d.objid = l.objid AND d.deptype = 'i'
        UNION ALL SELECT 'pg_class'::regclass, a.adrelid FROM pg_attrdef AS a
        WHERE l.classid = 'pg_attrdef'::regclass AND a.oid = l.objid
        UNION ALL SELECT CASE WHEN c.conrelid <> 0 THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END,
                         CASE WHEN c.conrelid <> 0 THEN c.conrelid ELSE c.contypid END
        FROM pg_constraint AS c WHERE l.classid = 'pg_constraint'::regclass AND c.oid = l.objid AND c.contype = 'c'
    ) AS n
)
SELECT l.kind, l.name, jsonb_agg(DISTINCT jsonb_build_array(l.classid::oid::bigint, l.objid::bigint))::text AS objects,
       coalesce(jsonb_agg(DISTINCT jsonb_build_array(n.nspname, c.relname)) FILTER (
           WHERE c.oid IS NOT NULL), '[]')::text AS tables,
       coalesce(jsonb_agg(DISTINCT jsonb_build_array(t.relnamespace::regnamespace::text, t.relname)) FILTER (
           WHERE t.oid IS NOT NULL), '[]')::text AS hurt
FROM lost AS l
LEFT JOIN pg_class AS c ON l.classid = 'pg_class'::regclass AND c.oid = l.objid AND c.relkind = 'r'
LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS i ON l.classid = 'pg_class'::regclass AND i.indexrelid = l.objid
LEFT JOIN pg_constraint AS k ON l.classid = 'pg_constraint'::regclass AND k.oid = l.objid
LEFT JOIN pg_class AS t ON t.oid = coalesce(i.indrelid, k.conrelid, c.oid) AND t.relkind IN ('r', 'p')
     AND ('pg_class'::regclass::oid, t.oid) NOT IN (SELECT classid, objid FROM parts)
GROUP BY l.kind, l.name
