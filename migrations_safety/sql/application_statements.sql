-- extension: the schema in which this database has pg_stat_statements
SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements'

-- statements: the normalized statements of this database, the most called first; a text is NULL where it was lost
SELECT query, sum(calls)::bigint FROM {schema}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY query ORDER BY 2 DESC, 1

-- since: since when the calls are counted
SELECT stats_reset::text FROM {schema}.pg_stat_statements_info
