-- tables: what a dump takes rows from, with the bytes that it reads; of extensions only what their authors named
SELECT n.nspname AS schema, c.relname AS table,  -- of one that is dropped meanwhile the functions know nothing
       CASE WHEN %(sized)s THEN coalesce(pg_table_size(c.oid), 0) ELSE 0 END AS bytes,
       coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), true) AS is_readable,
       coalesce(row_security_active(c.oid), false) AS is_filtered, c.oid::regclass::text AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relpersistence <> 't' AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
  AND (c.oid = ANY (SELECT unnest(extconfig) FROM pg_extension)
       OR NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                                   AND d.deptype = 'e'))
  AND c.relkind = ANY (%(kinds)s)
ORDER BY bytes DESC

-- not_dumped: what no dump of one database holds, as kinds and names
SELECT 'foreign table' AS kind, c.oid::regclass::text AS name FROM pg_class AS c WHERE c.relkind = 'f'
UNION ALL
SELECT 'materialized view', c.oid::regclass::text FROM pg_class AS c WHERE c.relkind = 'm'
UNION ALL
SELECT 'unlogged table', c.oid::regclass::text FROM pg_class AS c
WHERE c.relkind = 'r' AND c.relpersistence = 'u' AND pg_is_in_recovery()
UNION ALL
SELECT 'table of the extension ' || quote_ident(e.extname), c.oid::regclass::text
FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE c.relkind = 'r' AND c.oid <> ALL (coalesce(e.extconfig, '{}'::oid[]))
UNION ALL
SELECT 'tablespace', quote_ident(spcname) FROM pg_tablespace WHERE spcname !~ '^pg_'
UNION ALL
SELECT 'subscription', quote_ident(subname) FROM pg_stat_subscription
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
ORDER BY 1, 2

-- place: where the snapshot is, and of which moment; a standby that lags has the state of its last replayed commit
SELECT pg_export_snapshot() AS snapshot,
       CASE WHEN NOT pg_is_in_recovery() OR (EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL)
                                             AND pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn()) THEN now()
            ELSE coalesce(pg_last_xact_replay_timestamp(), 'epoch') END AS taken_at,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS wal_position

-- begin: one snapshot for our counts and for the dump
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- unhurried: no timeout of the role or the database ends a long reading, and no policy hides a row without an error
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout',
               'idle_session_timeout')
UNION ALL SELECT set_config('row_security', 'off', false)

-- rewritten: tables whose rows got new files since the snapshot, which sees such a table without any row
SELECT c.oid::regclass::text AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
  AND c.relfilenode <> pg_relation_filenode(c.oid)
ORDER BY 1

-- count: the rows of one table
SELECT count(*) FROM {table}

-- before_a_count: where the transaction goes back to, so that it does not hold a lock on every table and index
SAVEPOINT counted

-- after_a_count: gives the locks of one count back, and keeps the snapshot
ROLLBACK TO SAVEPOINT counted

-- patient_lock: how long our counts wait for a lock
SELECT set_config('lock_timeout', '60s', false)
