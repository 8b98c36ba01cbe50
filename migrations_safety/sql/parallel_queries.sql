-- export_snapshot: a name by which other sessions take the snapshot of this transaction, and what they set alike
SELECT pg_export_snapshot() AS snapshot, current_setting('search_path') AS search_path,
       current_setting('client_connection_check_interval') AS check_interval

-- begin: begins a transaction that may have a snapshot of another one
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- take_snapshot: sees what that other transaction sees
SET TRANSACTION SNAPSHOT {snapshot}

-- take_settings: types and operators are found by the path; the server sees that a client was killed; this transaction
SELECT set_config('search_path', %(search_path)s, true),
       set_config('client_connection_check_interval', %(check_interval)s, true)
