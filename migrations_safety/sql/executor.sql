-- filled: the tables that hold made-up rows, partitioned tables in place of their partitions
SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'migrations_safety_scratch') AND c.relname <> 'django_migrations'

-- empty: all of them at once, because they reference each other
TRUNCATE {tables}
