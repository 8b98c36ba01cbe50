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

-- settle: what we read is printed in one way, whatever is preferred here; no JIT, for queries on the catalog
SELECT set_config('datestyle', 'ISO', false), set_config('quote_all_identifiers', 'off', false),
       set_config('jit', 'off', false)

-- notice_a_killed_client: the server looks every four seconds whether the client of a running statement is still there
SELECT set_config('client_connection_check_interval', '4000', false)

-- timeouts: the timeouts of this session that would end a long statement or transaction
SELECT name, setting || coalesce(' ' || unit, '') AS value FROM pg_settings
WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout') AND setting <> '0'
ORDER BY name DESC

-- read_only: where it is set that new transactions are read-only, for which role and database; else no row
SELECT source, session_user::text AS role, current_database()::text AS database
FROM pg_settings WHERE name = 'default_transaction_read_only' AND setting = 'on'

-- deploy_lock_holders: sessions that hold the deploy lock of this database
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = %(class)s AND objid = %(object)s AND objsubid = 2 AND pid <> pg_backend_pid()
