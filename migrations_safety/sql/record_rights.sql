-- rights: whether the role has each right on a table, and whether row-level security hides rows; ids need not be given
SELECT CASE n.nspname WHEN 'public' THEN quote_ident(c.relname)
                      ELSE format('%%I.%%I', n.nspname, c.relname) END AS name,
       asked.privilege AS right,
       CASE asked.privilege
           WHEN 'INSERT' THEN (SELECT bool_and(has_column_privilege(c.oid, a.attnum, 'INSERT')) FROM pg_attribute a
                               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'id')
           WHEN 'UPDATE' THEN has_any_column_privilege(c.oid, 'UPDATE')
           ELSE has_table_privilege(c.oid, asked.privilege) END AS is_granted,
       row_security_active(c.oid) AND (
           EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive)
           OR NOT EXISTS (SELECT FROM pg_policy p CROSS JOIN LATERAL unnest(p.polroles) AS of_policy (role)
                          WHERE p.polrelid = c.oid AND (of_policy.role = 0 OR pg_has_role(of_policy.role, 'USAGE'))
                            AND p.polcmd::text IN ('*', CASE asked.privilege
                                                            WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a'
                                                            WHEN 'UPDATE' THEN 'w' ELSE 'd' END)
                            AND pg_get_expr(CASE asked.privilege
                                                WHEN 'INSERT' THEN coalesce(p.polwithcheck, p.polqual)
                                                ELSE p.polqual END, p.polrelid) = 'true')) AS is_hidden
FROM unnest(%(names)s::text[], %(rights)s::text[]) WITH ORDINALITY AS asked (name, privilege, position)
JOIN pg_class c ON c.relname = asked.name::name AND c.relkind IN ('r', 'p')
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
ORDER BY asked.position

-- unusable_sequences: sequences that give tables their default values, and that the role may not use
SELECT CASE n.nspname WHEN 'public' THEN quote_ident(c.relname)
                      ELSE format('%%I.%%I', n.nspname, c.relname) END AS name,
       CASE sn.nspname WHEN 'public' THEN quote_ident(s.relname)
                       ELSE format('%%I.%%I', sn.nspname, s.relname) END AS sequence
FROM unnest(%(names)s::text[]) AS asked (name)
JOIN pg_class c ON c.relname = asked.name::name AND c.relkind IN ('r', 'p')
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
JOIN pg_attrdef v ON v.adrelid = c.oid
JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = v.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class s ON s.oid = d.refobjid
JOIN pg_namespace sn ON sn.oid = s.relnamespace
WHERE CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END
