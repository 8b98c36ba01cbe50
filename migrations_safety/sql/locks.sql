-- users_of_tables: sessions that hold a lock on a table, longest first; the age is NULL where the role may not see it
SELECT l.relation::bigint AS table_oid, a.pid, coalesce(a.state, 'state not shown') AS state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::integer AS seconds,
       coalesce(a.application_name, '') AS application,
       coalesce(a.backend_type = 'autovacuum worker' AND a.query LIKE '%%(to prevent wraparound)%%', false)
           AS wraparound,
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
LEFT JOIN pg_locks own ON own.locktype = 'transactionid' AND own.pid IS NULL
                      AND own.virtualtransaction = l.virtualtransaction
LEFT JOIN pg_prepared_xacts p ON p.transaction::text = own.transactionid::text
WHERE l.locktype = 'relation' AND l.granted AND l.pid IS NULL AND l.relation = ANY(%(oids)s::oid[])
GROUP BY l.relation

-- oids_of_tables: the tables with these names, as PostgreSQL prints them
SELECT oid::bigint AS oid, oid::regclass::text AS name FROM pg_class
WHERE relkind IN ('r', 'p', 'm', 'f') AND oid::regclass::text = ANY(%(names)s::text[])
