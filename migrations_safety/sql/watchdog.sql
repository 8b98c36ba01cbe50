-- queued_behind: sessions that wait for a lock behind the watched one, for how long, and whether it is for a row
SELECT l.pid, l.waitstart::text, extract(epoch FROM clock_timestamp() - l.waitstart)::float8 AS seconds,
       l.locktype = 'tuple' AS is_for_row
FROM pg_locks l
WHERE NOT l.granted AND l.pid <> %(pid)s AND l.waitstart IS NOT NULL AND %(pid)s = ANY (pg_blocking_pids(l.pid))

-- holders: the sessions that the watched one waits for; pid 0 is a prepared transaction
SELECT blocking.pid, coalesce(a.state, CASE WHEN blocking.pid = 0 THEN 'prepared' ELSE 'state not shown' END) AS state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::integer AS seconds,
       coalesce(a.application_name, '') AS application
FROM unnest(pg_blocking_pids(%(pid)s)) AS blocking(pid) LEFT JOIN pg_stat_activity a ON a.pid = blocking.pid
ORDER BY seconds DESC, blocking.pid

-- cancel: ends the watched session's statement, and nothing else of it
SELECT pg_cancel_backend(%(pid)s)

-- deadlock_timeout: how long the server waits before it looks for a deadlock, in milliseconds
SELECT setting::integer FROM pg_settings WHERE name = 'deadlock_timeout'
