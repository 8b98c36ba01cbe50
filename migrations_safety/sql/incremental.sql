-- cluster: which cluster this is, from its control file
SELECT system_identifier::text FROM pg_control_system()

-- timeline: the history that the cluster is on; on a primary its own, on a standby that of its last restart point
SELECT CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END

-- moment: the database, and the oldest transaction that this snapshot has not seen the end of
SELECT (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database_oid,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS transaction, clock_timestamp() AS taken_at

-- rows_written_before: rows of a table that a transaction before that number wrote
SELECT count(*) FROM {table} WHERE age(xmin) > age({transaction}::xid)
