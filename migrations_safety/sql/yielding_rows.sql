-- emptied_with: the names, as PostgreSQL prints them, of a table and of those that are emptied with it
WITH RECURSIVE found (oid) AS (
    SELECT to_regclass(%(name)s)::oid UNION
    SELECT r.conrelid FROM found JOIN pg_constraint AS r ON r.confrelid = found.oid AND r.contype = 'f'
) SELECT oid::regclass::text FROM found WHERE oid IS NOT NULL ORDER BY oid <> to_regclass(%(name)s), 1

-- filled_among: tables with these names that may hold made-up rows; of a partition its partitioned table
SELECT DISTINCT coalesce(pg_partition_root(c.oid)::oid, c.oid)::regclass::text
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = ANY(%(words)s) AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema' AND c.relname <> 'django_migrations'

-- invalid_indexes: what a concurrent build leaves behind that met such rows
SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid AND NOT indisready

-- drop_index: one of them, so that the build can begin again
DROP INDEX {index}
