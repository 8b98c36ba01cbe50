-- settle: the forms in which values are written, the same in each session
SELECT set_config('statement_timeout', '0', false), set_config('DateStyle', 'ISO', false),
       set_config('IntervalStyle', 'postgres', false), set_config('TimeZone', 'UTC', false),
       set_config('extra_float_digits', '1', false), set_config('bytea_output', 'hex', false),
       set_config('row_security', 'off', false), set_config('search_path', '', false)

-- tables: all tables with rows, with their columns by name; not the record of migrations and the app's own
SELECT n.nspname, c.relname,
       array(SELECT a.attname::text FROM pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relname <> 'django_migrations' AND c.relname NOT LIKE 'migrations\_safety\_%%'
ORDER BY 1, 2

-- digest: the number of rows, and two sums of their hashes
SELECT count(*), coalesce(sum(hashtextextended(ROW({row})::text, 0)), 0)::text,
       coalesce(sum(hashtextextended(ROW({row})::text, 7)), 0)::text
FROM ONLY {table}
