-- kept_by_statistics: what ANALYZE has kept of one column: common values and the bounds of equal parts
SELECT kept.value::{type} AS value, {number} AS reference
FROM pg_stats AS s CROSS JOIN LATERAL (
    SELECT unnest(s.most_common_vals::text::text[]) UNION ALL SELECT unnest(s.histogram_bounds::text::text[])
) AS kept (value)
WHERE s.schemaname = {schema} AND s.tablename = {relation} AND s.attname = {column} AND s.inherited = {inherited}

-- at_the_ends: the lowest and the highest value of an index, and what of the suspects it holds
(SELECT {column}::{type} AS value, {number} AS reference FROM {table} WHERE {column} IS NOT NULL
 ORDER BY {column} LIMIT 1)
UNION ALL
(SELECT {column}::{type}, {number} FROM {table} WHERE {column} IS NOT NULL
 ORDER BY {column} DESC LIMIT 1)
UNION ALL
SELECT suspect::{type}, {number} FROM unnest({suspects}::{type}[]) AS suspect
WHERE EXISTS (SELECT FROM {table} WHERE {column} = suspect)

-- figures: rows, share of NULLs and distinct values of one column, as the statistics have them
SELECT CASE WHEN c.reltuples >= 0 THEN c.reltuples END::bigint AS rows, s.null_frac AS share_of_nulls,
       CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(c.reltuples, 0)
            ELSE s.n_distinct END::bigint AS distinct_values
FROM pg_class AS c
LEFT JOIN pg_stats AS s ON s.schemaname = %(schema)s AND s.tablename = %(relation)s AND s.attname = %(column)s
                       AND s.inherited = (c.relkind = 'p')
WHERE c.oid = %(oid)s

-- plan_probes: by index alone, whatever the planner thinks of it; for this transaction
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true)
