-- estimates: how many rows each table has, by the density of its pages at the last ANALYZE; NULL where it is small
SELECT n.nspname, c.relname,
       CASE WHEN pg_relation_size(c.oid) < 8000000 THEN NULL
            WHEN c.reltuples >= 0 AND c.relpages > 0
            THEN (c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int))::bigint
            ELSE pg_stat_get_live_tuples(c.oid) END
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND has_table_privilege(c.oid, 'SELECT') AND c.relname NOT LIKE 'migrations\_safety\_%%'

-- count: the rows of a small table
SELECT count(*) FROM ONLY {table}
