-- one_column: one scan of a table that has one referencing column
SELECT child.{column}::{type} AS value, {number} AS reference FROM {table} AS child {where}

-- several_columns: one scan of a table that has several referencing columns
SELECT several.value, several.reference FROM {table} AS child CROSS JOIN LATERAL (VALUES {columns}) AS several (value, reference)
{where}

-- value: what a row refers to, in the type in which all ends are compared
child.{column}::{type}

-- by_bytes: the same, compared faster where that is the same order
{value} COLLATE "C"

-- or_null: and rows that refer to nothing
OR {value} IS NULL

-- grouped: the wanted values of one index, each once with the number of its rows
SELECT {value} AS value, {number} AS reference, count(*) AS rows FROM {table} AS child WHERE {wanted} GROUP BY 1

-- not_grouped: beside them, the rows of a column that has no index
SELECT {value} AS value, {number} AS reference, NULL::bigint AS rows FROM {table} AS child WHERE {wanted} {or_null}

-- in_order: all of that, merged in the order of the values
SELECT every.value, every.reference FROM ({scans}) AS every WHERE {wanted} ORDER BY every.value

-- piece: true as soon as its time has come; the place of the piece becomes the session's name
(SELECT begins.told FROM (
    SELECT set_config('application_name', {name_and_place}, true) AS told,
           pg_sleep(greatest(0, {begins_after} - extract(epoch FROM clock_timestamp() - statement_timestamp()))) AS slept
) AS begins) IS NOT NULL

-- from_block: rows from that block on
child.ctid >= {first}::tid

-- before_block: rows before that block
child.ctid < {last}::tid

-- written_since: rows written by a transaction of that number or a later one
age(child.xmin) <= age({transaction}::xid)

-- from_value: of all values those from a bound on
{value} >= {bound}

-- before_value: of all values those before a bound
{value} < {bound}

-- without_value: of all rows those that have none
{value} IS NULL{bound}

-- bound: a value that ANALYZE has kept of a column; it is looked up where it is used, and never leaves the server
(SELECT (histogram_bounds::text::text[])[{number}]::{type} FROM pg_stats
 WHERE schemaname = {schema} AND tablename = {relation} AND attname = {column} AND NOT inherited)

-- indexes: of each column whether an index alone gives its values (not one that an upgrade of the locales may have put out of order), their order, if that is cheap to compare, if it may be NULL
SELECT k.number - 1,
    c.relkind = 'r' AND a.atttypid IN ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype) AND coalesce(co.collisdeterministic, true)
    AND CASE WHEN co.collprovider = 'd' THEN d.datcollversion IS NOT DISTINCT FROM pg_database_collation_actual_version(d.oid)
             ELSE co.collversion IS NOT DISTINCT FROM pg_collation_actual_version(co.oid) END
    AND c.relallvisible >= 0.9 * (pg_relation_size(c.oid) / current_setting('block_size')::bigint)
    AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid)
    AND EXISTS (SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
                WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indcollation[0] = a.attcollation
                  AND i.indisvalid AND i.indpred IS NULL AND am.amname = 'btree'),
    a.attcollation,
    coalesce(CASE WHEN co.collprovider = 'd' THEN d.datlocprovider = 'b' OR d.datlocprovider = 'c' AND d.datcollate ~* '^(C|POSIX|C\.utf-?8)$'
                  ELSE co.collprovider = 'b' OR co.collprovider = 'c' AND co.collcollate ~* '^(C|POSIX|C\.utf-?8)$' END, true),
    NOT a.attnotnull
FROM unnest(%(tables)s::text[], %(columns)s::text[]) WITH ORDINALITY AS k (table_name, column_name, number)
JOIN pg_class c ON c.oid = to_regclass(k.table_name)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = k.column_name
JOIN pg_database d ON d.datname = current_database()
LEFT JOIN pg_collation co ON co.oid = a.attcollation

-- number_of_bounds: how many values ANALYZE has kept that part a column into equal parts
SELECT coalesce(array_length(histogram_bounds::text::text[], 1), 0) FROM pg_stats
WHERE schemaname = %(schema)s AND tablename = %(relation)s AND attname = %(column)s AND NOT inherited

-- plan_by_index: by the order of indexes; for this transaction
SELECT set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true),
       set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true), set_config('work_mem', '128MB', true)

-- plan_serially: one hash of the distinct values in memory, one process, no compilation; for this transaction
SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true)

-- plan_in_parallel: the same, a hash in each process and one of all, whatever the planner thinks of the tables' size
SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true),
       set_config('max_parallel_workers_per_gather', %(helpers)s, true), set_config('min_parallel_table_scan_size', '0', true),
       set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true), set_config('enable_sort', 'off', true)

-- name_of_session: what a session calls itself now
SELECT application_name FROM pg_stat_activity WHERE pid = %(pid)s
