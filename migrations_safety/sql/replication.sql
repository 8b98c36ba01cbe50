-- standbys: the standbys that this server feeds, and how far they are behind; without the right to see it all is NULL
SELECT coalesce(nullif(application_name, ''), 'a standby') AS name, coalesce(host(client_addr), '') AS address,
       state IS NULL AS is_hidden, coalesce(state, '') AS state, coalesce(sync_state, '') AS sync_state,
       coalesce(extract(epoch FROM replay_lag), 0)::float8 AS seconds,
       coalesce(pg_wal_lsn_diff(
           CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
           replay_lsn), 0)::bigint AS bytes
FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup' ORDER BY 1, 2

-- slots: the replication slots, and how much WAL the server keeps for each
SELECT slot_name::text AS name, slot_type AS type, active AS is_active, temporary AS is_temporary,
       coalesce(wal_status, '') AS wal_status,
       greatest(coalesce(pg_wal_lsn_diff(
           CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
           restart_lsn), 0), 0)::bigint AS bytes
FROM pg_replication_slots ORDER BY slot_name

-- synchronous: the standbys whose answer each COMMIT waits for, and the sessions that wait for one
SELECT CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN ''
            ELSE current_setting('synchronous_standby_names') END AS wanted,
       (SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep')::integer AS waiting
