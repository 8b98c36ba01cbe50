-- read: tables that this transaction has read, which got new files since its snapshot
SELECT DISTINCT c.oid::regclass::text AS name
FROM pg_locks AS held JOIN pg_class AS c ON c.oid = held.relation
WHERE held.pid = pg_backend_pid() AND held.locktype = 'relation'
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relkind IN ('r', 'm') AND c.relfilenode <> 0 AND c.relfilenode <> pg_relation_filenode(c.oid)
ORDER BY 1
