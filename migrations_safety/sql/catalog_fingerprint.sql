-- definitions: one number for the definitions of everything that is not PostgreSQL's own
WITH ours AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), tables AS (
    SELECT c.* FROM pg_class AS c JOIN ours ON ours.oid = c.relnamespace
    WHERE c.relname <> 'django_migrations' AND c.relname NOT LIKE 'migrations\_safety\_%%'
), definitions AS (
    SELECT concat_ws(' ', oid::regclass, relkind, relpersistence, relrowsecurity, relispartition, reloptions,
                     pg_get_expr(relpartbound, oid)) AS definition
    FROM tables WHERE relkind NOT IN ('i', 'I', 'S')
    UNION ALL
    SELECT format('%%s %%s %%s %%s %%s %%s %%s %%s', a.attrelid::regclass,
                  row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
                  format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation,
                  a.attgenerated::text || a.attidentity::text, pg_get_expr(d.adbin, d.adrelid))
    FROM tables AS t JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE t.relkind NOT IN ('i', 'I', 'S')
    UNION ALL
    SELECT format('%%s %%s %%s %%s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), c.convalidated)
    FROM pg_constraint AS c JOIN tables AS t ON t.oid = c.conrelid
    UNION ALL
    SELECT format('%%s %%s', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index AS i JOIN tables AS t ON t.oid = i.indrelid
    UNION ALL
    SELECT format('%%s %%s', pg_get_triggerdef(g.oid), g.tgenabled)
    FROM pg_trigger AS g JOIN tables AS t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
    UNION ALL
    SELECT format('%%s %%s %%s', e.enumtypid::regtype, e.enumsortorder, e.enumlabel)
    FROM pg_enum AS e JOIN pg_type AS y ON y.oid = e.enumtypid JOIN ours ON ours.oid = y.typnamespace
    UNION ALL
    SELECT format('%%s %%s', p.oid::regprocedure, md5(p.prosrc))
    FROM pg_proc AS p JOIN ours ON ours.oid = p.pronamespace
    WHERE p.proname NOT LIKE 'migrations\_safety\_%%'
)
SELECT coalesce(md5(string_agg(definition, E'\n' ORDER BY definition COLLATE "C")), '') FROM definitions

-- database: the oid of this database, which another one of the same name does not have
SELECT oid::bigint FROM pg_database WHERE datname = current_database()

-- cluster: which cluster this is, from its control file
SELECT system_identifier::text FROM pg_control_system()
