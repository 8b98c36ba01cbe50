-- queued_behind: sessions that wait for a lock behind the watched one, for how long, and whether in the queue for a row
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

-- limit_lock_waits: bounds each wait for a lock in this transaction, in milliseconds
SELECT set_config('lock_timeout', %(milliseconds)s, true)

-- lift_timeouts: lets a long statement of this transaction run to its end
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')

-- transaction_id: the number of this transaction
SELECT pg_current_xact_id()::text

-- is_committed: true where that transaction was, whatever became of the statements after it
SELECT pg_xact_status(%(transaction)s::xid8) = 'committed'

-- lock_timeout: how long this transaction waits for a lock
SELECT current_setting('lock_timeout')

-- session_timeouts: those of the named timeouts that this server knows, as they are now
SELECT name, setting FROM pg_settings WHERE name = ANY (%(names)s)

-- set_session_timeout: sets one of them, in milliseconds
SELECT set_config(%(name)s, %(value)s, false)

-- index_of_name: an index of a table, both named as in a statement: its definition, whether it is valid, its full name
SELECT pg_get_indexdef(i.indexrelid), i.indisvalid AND i.indisready, i.indexrelid::regclass::text
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass(%(table)s) AND c.relname::text = (parse_ident(%(name)s))[1]

-- indexes_of_table: all indexes of a table, named as in a statement: the same of each
SELECT pg_get_indexdef(i.indexrelid), i.indisvalid AND i.indisready, i.indexrelid::regclass::text
FROM pg_index i WHERE i.indrelid = to_regclass(%(table)s) ORDER BY i.indisvalid, i.indexrelid

-- is_detach_pending: a row where a partition, both named as in a statement, is detached but for the FINALIZE
SELECT 1 FROM pg_inherits
WHERE inhparent = to_regclass(%(table)s) AND inhrelid = to_regclass(%(partition)s) AND inhdetachpending

-- lift_lock_timeout_of_role: lets this transaction wait where it is the role or the database that sets a limit
SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'lock_timeout' AND setting = reset_val AND setting <> '0'
