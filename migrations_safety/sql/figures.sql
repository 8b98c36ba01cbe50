-- tables: the tables of this database by oid
SELECT c.oid::bigint, c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

-- locks: who holds or waits for which lock on a table of this database
SELECT virtualtransaction, relation::bigint, mode, granted FROM pg_locks
WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND mode = ANY(%(modes)s) AND pid <> ALL(%(without)s) AND relation >= 16384

-- fresh: lets this session see the counters as they are now
SELECT pg_stat_clear_snapshot()

-- counters: WAL of the whole server, and temporary files and size of this database
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'), temp_bytes, pg_database_size(datid)
FROM pg_stat_database WHERE datname = current_database()

-- rows: how many rows were ever written in each table
SELECT relid::regclass::text, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables

-- at_work: how many other sessions are in this database
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type IN ('client backend', 'parallel worker')
  AND pid <> pg_backend_pid() AND pid <> ALL(%(others)s)
