-- deploy_lock: the sessions that hold the deploy lock of this database, and how long they are connected
SELECT l.pid, coalesce(a.application_name, '') AS application, coalesce(a.state, 'state not shown') AS state,
       coalesce(extract(epoch FROM clock_timestamp() - a.backend_start), 0)::float8 AS seconds
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %(class)s AND l.objid = %(object)s AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid()
ORDER BY l.pid

-- waiting: the sessions of this database that wait for a lock, for how long, for which table, and behind whom
SELECT l.pid, coalesce(l.relation::regclass::text, '') AS table, pg_blocking_pids(l.pid) AS blockers,
       coalesce(extract(epoch FROM clock_timestamp() - l.waitstart), 0)::float8 AS seconds
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE NOT l.granted AND l.pid <> pg_backend_pid()
  AND a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY l.pid, l.relation

-- holders: sessions that stop writers of a table, do nothing inside of a transaction, or hide what they do
SELECT a.pid, coalesce(a.state, 'state not shown') AS state, coalesce(a.application_name, '') AS application,
       a.xact_start IS NULL AS is_hidden,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8 AS seconds,
       coalesce(a.backend_type = 'autovacuum worker', false) AS is_autovacuum,
       coalesce(array_agg(DISTINCT l.relation::regclass::text) FILTER (WHERE l.is_strong), '{}') AS tables
FROM pg_stat_activity a
JOIN (SELECT pid, relation, mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                            AND relation >= 16384 AS is_strong
      FROM pg_locks
      WHERE granted AND locktype = 'relation' AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND relation IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'm'))) l ON l.pid = a.pid
GROUP BY a.pid, a.state, a.application_name, a.xact_start, a.backend_type
HAVING bool_or(l.is_strong) OR a.state LIKE 'idle in transaction%%' OR a.xact_start IS NULL
ORDER BY a.pid

-- of_pids: what the sessions with these numbers do, and for how long their transactions are open
SELECT pid, coalesce(state, 'state not shown') AS state, coalesce(application_name, '') AS application,
       xact_start IS NULL AS is_hidden,
       coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float8 AS seconds,
       coalesce(backend_type = 'autovacuum worker', false) AS is_autovacuum, '{}'::text[] AS tables
FROM pg_stat_activity WHERE pid = ANY (%(pids)s::integer[]) ORDER BY pid

-- prepared: the prepared transactions of this database, and for how long they are prepared
SELECT gid AS name, owner::text AS owner, extract(epoch FROM clock_timestamp() - prepared)::float8 AS seconds
FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared, gid
