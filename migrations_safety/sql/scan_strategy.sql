-- indexes: whether an index alone gives a column's values, their order, if that is cheap to compare, if it may be NULL
SELECT k.number - 1 AS number,
       c.relkind = 'r' AND a.atttypid IN ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
       AND coalesce(co.collisdeterministic, true)
       AND CASE WHEN co.collprovider = 'd'
                THEN d.datcollversion IS NOT DISTINCT FROM pg_database_collation_actual_version(d.oid)
                ELSE co.collversion IS NOT DISTINCT FROM pg_collation_actual_version(co.oid) END
       AND c.relallvisible >= 0.9 * (pg_relation_size(c.oid) / current_setting('block_size')::bigint)
       AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid)
       AND EXISTS (SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
                   WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indcollation[0] = a.attcollation
                     AND i.indisvalid AND i.indpred IS NULL AND am.amname = 'btree') AS has_index,
       a.attcollation AS collation,
       coalesce(CASE WHEN co.collprovider = 'd'
                     THEN d.datlocprovider = 'b'
                          OR d.datlocprovider = 'c' AND d.datcollate ~* '^(C|POSIX|C\.utf-?8)$'
                     ELSE co.collprovider = 'b'
                          OR co.collprovider = 'c' AND co.collcollate ~* '^(C|POSIX|C\.utf-?8)$' END, true)
           AS is_bytewise,
       NOT a.attnotnull
       OR EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = c.oid AND n.contype = 'n'
                  AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated) AS is_nullable
FROM unnest(%(oids)s::oid[], %(columns)s::text[]) WITH ORDINALITY AS k (oid, column_name, number)
JOIN pg_class c ON c.oid = k.oid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = k.column_name
JOIN pg_database d ON d.datname = current_database()
LEFT JOIN pg_collation co ON co.oid = a.attcollation

-- plan_by_index: has the planner read by indexes, in their order; for this transaction
SELECT set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true),
       set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_sort', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
       set_config('work_mem', '128MB', true)

-- plan_serially: has the planner use one process and one hash in memory; for this transaction
SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true),
       set_config('enable_nestloop', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)

-- plan_in_parallel: has the planner use several processes with a hash each; for this transaction
SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true),
       set_config('enable_nestloop', 'off', true), set_config('max_parallel_workers_per_gather', %(helpers)s, true),
       set_config('min_parallel_table_scan_size', '0', true), set_config('parallel_setup_cost', '0', true),
       set_config('parallel_tuple_cost', '0', true), set_config('enable_sort', 'off', true)
