-- forget: the statistics that this transaction has read already, so that it reads them anew
SELECT pg_stat_clear_snapshot()

-- moment: now, and since when the statistics of this database are counted
SELECT extract(epoch FROM clock_timestamp())::float8 AS at, pg_is_in_recovery() AS in_recovery,
       extract(epoch FROM coalesce(greatest(
           (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()),
           least((SELECT stats_reset FROM pg_stat_bgwriter), (SELECT stats_reset FROM pg_stat_archiver),
                 (SELECT stats_reset FROM pg_stat_wal))
       ), pg_postmaster_start_time()))::float8 AS since

-- counters: for every table how many scans were begun and how many rows were written
SELECT relid::bigint AS oid, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) AS reads,
       n_tup_ins + n_tup_upd + n_tup_del AS writes
FROM pg_stat_all_tables
WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'

-- figures: the tables with these names (NULL: all), with sizes and open transactions, all partitions included
WITH RECURSIVE parts AS (
    SELECT c.oid AS root, c.oid, c.relkind
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (%(names)s::text[] IS NULL OR c.oid::regclass::text = ANY(%(names)s::text[]))
    UNION
    SELECT parts.root, c.oid, c.relkind
    FROM parts JOIN pg_inherits AS i ON i.inhparent = parts.oid JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE parts.relkind = 'p'
), whole AS (
    SELECT root, array_agg(oid::bigint ORDER BY oid) AS parts FROM parts GROUP BY root
), keys AS (
    SELECT oid, count(*) FROM (
        SELECT conrelid AS oid FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
        UNION ALL
        SELECT confrelid FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND confrelid <> conrelid
    ) AS ends GROUP BY oid
), held AS (
    SELECT DISTINCT relation, pid, virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), holders AS (
    SELECT held.relation, held.virtualtransaction AS holder,
           extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared))::float8 AS seconds
    FROM held
    LEFT JOIN pg_stat_activity AS a ON a.pid = held.pid
    LEFT JOIN pg_locks AS own ON held.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid'
                             AND own.virtualtransaction = held.virtualtransaction
    LEFT JOIN pg_prepared_xacts AS p ON p.transaction::text = own.transactionid::text
    WHERE a.backend_type IS DISTINCT FROM 'autovacuum worker' OR a.query LIKE '%%(to prevent wraparound)%%'
), not_to_be_opened AS (
    SELECT relation FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND locktype = 'relation'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid IS DISTINCT FROM pg_backend_pid()
), sizes AS (
    SELECT parts.root, c.oid, c.reltuples, c.relpages, c.relkind,
           CASE WHEN o.relation IS NULL THEN pg_relation_size(c.oid) ELSE c.relpages * b.size END AS main,
           CASE WHEN o.relation IS NULL THEN pg_table_size(c.oid) ELSE c.relpages * b.size END AS bytes,
           CASE WHEN o.relation IS NULL THEN pg_indexes_size(c.oid)
                ELSE (SELECT coalesce(sum(ic.relpages), 0) * b.size
                      FROM pg_index AS i JOIN pg_class AS ic ON ic.oid = i.indexrelid WHERE i.indrelid = c.oid)
           END AS index_bytes,
           b.size AS block
    FROM parts JOIN pg_class AS c ON c.oid = parts.oid
    CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) AS b
    LEFT JOIN (SELECT DISTINCT relation FROM not_to_be_opened) AS o ON o.relation = c.oid
    WHERE c.relkind <> 'p'
), estimates AS (
    SELECT root, bytes, index_bytes,
           CASE WHEN reltuples < 0 THEN NULL WHEN relkind = 'f' THEN reltuples
                WHEN relpages > 0 THEN reltuples / relpages * (main / block) WHEN main = 0 THEN 0 END AS rows
    FROM sizes
), sums AS (
    SELECT root, sum(bytes)::bigint AS bytes, sum(index_bytes)::bigint AS index_bytes,
           CASE WHEN bool_and(rows IS NOT NULL) THEN round(sum(rows)) END::bigint AS rows
    FROM estimates GROUP BY root
), open AS (
    SELECT parts.root, count(DISTINCT holder) AS open_transactions, max(seconds) AS longest,
           bool_or(seconds IS NULL) AS is_hidden
    FROM parts JOIN holders ON holders.relation = parts.oid GROUP BY parts.root
)
SELECT c.oid::bigint AS oid, c.oid::regclass::text AS table, n.nspname AS schema,
       CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::text END AS partition_of,
       whole.parts,
       CASE WHEN sums.root IS NULL THEN 0 ELSE sums.rows END AS rows,
       coalesce(sums.bytes, 0) AS bytes, coalesce(sums.index_bytes, 0) AS index_bytes,
       (SELECT count(*) FROM pg_index AS i WHERE i.indrelid = c.oid) AS indexes,
       coalesce(keys.count, 0) AS keys,
       coalesce(open.open_transactions, 0) AS open_transactions,
       CASE WHEN open.root IS NULL THEN 0 WHEN NOT open.is_hidden THEN open.longest END AS longest
FROM whole JOIN pg_class AS c ON c.oid = whole.root
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN keys ON keys.oid = c.oid LEFT JOIN sums ON sums.root = c.oid LEFT JOIN open ON open.root = c.oid
ORDER BY c.oid
