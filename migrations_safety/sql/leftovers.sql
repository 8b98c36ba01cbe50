-- databases: scratch databases and copies of a run, how large they are where that may be seen, and who is in them
SELECT d.datname::text AS name, coalesce(shobj_description(d.oid, 'pg_database'), '') AS comment,
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_database_size(d.oid) END AS bytes,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid)::integer AS sessions,
       pg_has_role(d.datdba, 'USAGE') AS may_drop
FROM pg_database d
WHERE starts_with(d.datname, 'migrations_safety_scratch_') OR starts_with(d.datname, 'confidential_copy_')
ORDER BY d.datname

-- carrying: the triggers of restore_dropped that carry writes over, with their tables, functions and numbers
SELECT tgrelid::regclass::text AS table, quote_ident(tgname) AS trigger, tgfoid::regprocedure::text AS function,
       substring(tgname FROM '[0-9]+$')::bigint AS number
FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0 AND tgname ~ '^zz_migrations_safety_kept_[0-9]{1,18}$'
ORDER BY number

-- watching: the triggers with which a rollback notices who writes into a large table, and what drops each
SELECT t.tgrelid::regclass::text AS table, quote_ident(t.tgname) AS trigger,
       concat('DROP TRIGGER ', quote_ident(t.tgname), ' ON ', t.tgrelid::regclass, '; DROP FUNCTION ',
              t.tgfoid::regprocedure, ';',
              (SELECT ' DROP SEQUENCE ' || s.oid::regclass || ';' FROM pg_class s JOIN pg_proc p ON p.oid = t.tgfoid
               WHERE s.relnamespace = p.pronamespace AND s.relname = p.proname AND s.relkind = 'S')) AS drop
FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname ~ '^migrations_safety_watch_[0-9]+$'
ORDER BY 1, 2
