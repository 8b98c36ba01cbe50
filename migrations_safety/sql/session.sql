-- target: which database this is, as the server says it; a standby that has replayed all it received is 0 s behind
SELECT current_database() AS name, current_setting('server_version') AS server_version,
       current_setting('server_version_num')::integer AS server_version_number, pg_is_in_recovery() AS in_recovery,
       current_user::text AS role, pg_backend_pid() AS backend_pid, current_schema()::text AS schema,
       (SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass('django_migrations')) AS history,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
       CASE WHEN NOT pg_is_in_recovery() THEN NULL
            WHEN EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL)
                 AND pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8 AS seconds_behind

-- search_path: the setting, where it comes from, whose it is, and the schema that alone has a record of migrations
SELECT setting AS path, source, session_user::text AS role, current_database()::text AS database,
       (SELECT CASE WHEN count(*) = 1 THEN min(n.nspname::text) END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'django_migrations') AS history
FROM pg_settings WHERE name = 'search_path'

-- schemas_of_search_path: the schemas that the search path names, in their order; whether each exists and may be used
SELECT named.name, n.oid IS NOT NULL AS exists, coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS usable
FROM (SELECT number, CASE coalesce(found[1], found[2]) WHEN '$user' THEN current_user::text
                     ELSE coalesce(replace(found[1], '""', '"'), lower(found[2])) END AS name
      FROM regexp_matches(current_setting('search_path'), '"((?:[^"]|"")*)"|([^\s,"]+)', 'g')
           WITH ORDINALITY AS written (found, number)) AS named
LEFT JOIN pg_namespace n ON n.nspname = named.name::name
ORDER BY named.number

-- path_and_schema: the search path, and the schema that new tables are made in
SELECT current_setting('search_path'), current_schema()::text

-- put_path_back: sets the search path again where it leads to another schema now
SELECT set_config('search_path', %(path)s, false) WHERE current_schema() IS DISTINCT FROM %(schema)s

-- own_relations: what stands in the current schema
SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()

-- identity: which server this is (since when it runs), and which of its databases
SELECT pg_postmaster_start_time(), current_database()

-- settle: what we read is printed in one way, whatever the role or the database prefers
SELECT set_config('datestyle', 'ISO', false), set_config('quote_all_identifiers', 'off', false)

-- leave_mark: a setting of the session, to see whether it holds
SELECT set_config('migrations_safety.mark', %(mark)s, false)

-- mark: what was left there
SELECT current_setting('migrations_safety.mark', true)

-- timeouts: the timeouts of this session that would end a long statement or transaction
SELECT name, setting || coalesce(' ' || unit, '') AS value FROM pg_settings
WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout') AND setting <> '0'
ORDER BY name DESC

-- deploy_lock_holders: sessions that hold the deploy lock of this database
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = %(class)s AND objid = %(object)s AND objsubid = 2 AND pid <> pg_backend_pid()

-- take_deploy_lock: true where this session has the deploy lock now
SELECT pg_try_advisory_lock(%(class)s, %(object)s)

-- take_deploy_lock_of_transaction: the same for this transaction alone, with which it goes
SELECT pg_try_advisory_xact_lock(%(class)s, %(object)s)

-- notice_a_killed_client: the server looks every four seconds whether the client of a running statement is still there
SELECT set_config('client_connection_check_interval', '4000', false)

-- release_deploy_lock: gives the deploy lock back
SELECT pg_advisory_unlock(%(class)s, %(object)s)

-- users_of_tables: sessions with a transaction that holds a lock on one of the tables, longest first; its age is NULL where the role may not see it
SELECT l.relation::bigint AS table_oid, a.pid, coalesce(a.state, 'state not shown') AS state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::integer AS seconds,
       coalesce(a.application_name, '') AS application,
       coalesce(a.backend_type = 'autovacuum worker' AND a.query LIKE '%%(to prevent wraparound)%%', false) AS wraparound,
       coalesce(a.backend_type = 'autovacuum worker', false) AS autovacuum
FROM (SELECT DISTINCT relation, pid FROM pg_locks
      WHERE locktype = 'relation' AND granted AND pid IS NOT NULL AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND relation = ANY(%(oids)s::oid[])) l
JOIN pg_stat_activity a ON a.pid = l.pid
ORDER BY seconds DESC, a.pid

-- prepared_transactions_on_tables: prepared transactions that hold a lock on one of the tables
SELECT l.relation::bigint AS table_oid,
       max(coalesce(extract(epoch FROM clock_timestamp() - p.prepared), 0))::integer AS seconds
FROM pg_locks l
LEFT JOIN pg_prepared_xacts p ON l.virtualtransaction = '-1/' || p.transaction::text
WHERE l.locktype = 'relation' AND l.granted AND l.pid IS NULL AND l.relation = ANY(%(oids)s::oid[])
GROUP BY l.relation

-- row_security_active: which of the tables hide rows from this role
SELECT oid::bigint FROM unnest(%(oids)s::oid[]) AS oid WHERE row_security_active(oid)

-- in_recovery: whether this server is a standby
SELECT pg_is_in_recovery()
