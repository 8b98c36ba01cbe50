-- tables: the tables of the current schema without the given ones, partitions, and records of migrations and runs
SELECT c.relname FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
AND c.relname <> 'django_migrations' AND NOT starts_with(c.relname, 'migrations_safety_')
AND c.relname <> ALL (%(declared)s::text[])
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname

-- limit_lock_waits: to the end of the transaction, no lock is waited for longer than one attempt of `migrate`
SELECT set_config('lock_timeout', '250ms', true)

-- locked: those of the given tables that another session has locked against readers, or is about to
SELECT DISTINCT relation::bigint FROM pg_locks
WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid()
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND relation = ANY (%(oids)s::oid[])
