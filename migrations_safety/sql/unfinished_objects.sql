-- invalid_indexes: indexes that no query uses, without those that are being built where this may be seen
SELECT c.oid::regclass::text AS table, ic.oid::regclass::text AS name, ic.relname::text AS bare,
       ic.relkind = 'I' AS is_partitioned,
       EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.granted
               AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()) AS is_at_work
FROM pg_index i
JOIN pg_class ic ON ic.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_temp'
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index building WHERE building.index_relid = i.indexrelid)
ORDER BY 1, 2

-- not_valid: constraints of which PostgreSQL has not checked the older rows, on partitions only their own
SELECT con.conrelid::regclass::text AS table, con.conname::text AS name,
       CASE con.contype WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'CHECK' ELSE 'NOT NULL' END AS kind,
       n.nspname::text AS schema, c.relname::text AS relation,
       coalesce(pn.nspname::text, '') AS parent_schema, coalesce(p.relname::text, '') AS parent_relation,
       ARRAY(SELECT a.attname::text FROM unnest(con.conkey) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number ORDER BY k.place) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(con.confkey) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.number
             ORDER BY k.place) AS parent_columns
FROM pg_constraint con
JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class p ON p.oid = con.confrelid AND con.contype = 'f'
LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE con.contype IN ('f', 'c', 'n') AND NOT con.convalidated AND con.conparentid = 0
  AND coalesce((to_jsonb(con) ->> 'conenforced')::boolean, true)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(temp|toast)'
ORDER BY 1, 2

-- detaching: partitions that are half detached, as an interrupted DETACH PARTITION CONCURRENTLY leaves them
SELECT inhparent::regclass::text AS table, inhrelid::regclass::text AS partition
FROM pg_inherits WHERE inhdetachpending ORDER BY 1, 2

-- disabled: tables on which the triggers of foreign keys are disabled, so that the keys hold nothing
SELECT tgrelid::regclass::text AS table, count(*)::integer AS triggers
FROM pg_trigger WHERE tgisinternal AND tgconstraint <> 0 AND tgenabled = 'D' GROUP BY tgrelid ORDER BY 1

-- limit_look: to the end of the transaction or savepoint no statement takes longer, and none waits for a lock
SELECT set_config('statement_timeout', %(milliseconds)s, true), set_config('lock_timeout', '50ms', true),
       set_config('row_security', 'off', true)

-- orphans: rows of a key without a parent, counted as far as to the limit
SELECT count(*) FROM (
    SELECT FROM {table} AS child
    WHERE {is_set} AND NOT EXISTS (SELECT FROM {parent} AS parent WHERE {is_equal}) LIMIT {limit}
) AS found
