-- tables: the tables with these oids (NULL: all), with their files and how often scans of them have begun
SELECT c.oid, c.oid::regclass::text AS name, pg_relation_filenode(c.oid) AS file,
       pg_stat_get_xact_numscans(c.oid) + pg_stat_get_numscans(c.oid) AS scans,
       (SELECT coalesce(sum(pg_stat_get_xact_numscans(i.indexrelid) + pg_stat_get_numscans(i.indexrelid)), 0)::bigint
        FROM pg_index AS i WHERE i.indrelid = c.oid) AS index_scans,
       CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::regclass::text END AS partition_of
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (c.oid = ANY(%(oids)s) OR %(oids)s::oid[] IS NULL)

-- locks: the locks on tables that a session has or waits for
SELECT relation, mode FROM pg_locks
WHERE pid = %(pid)s AND locktype = 'relation'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- blockers: the sessions for which a session waits
SELECT pg_blocking_pids(%(pid)s)
