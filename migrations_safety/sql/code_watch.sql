-- figures: what the present transaction has done to each table that stays and is none of this app or of Django
SELECT c.oid::bigint AS oid, c.oid::regclass::text AS table, pg_relation_size(c.oid) AS bytes,
       pg_stat_get_xact_tuples_deleted(c.oid) AS deleted, pg_stat_get_xact_tuples_updated(c.oid) AS updated,
       ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND a.attgenerated = '') AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$|migrations_safety_)'
  AND c.relname NOT IN ('django_migrations', 'django_content_type', 'migrations_safety_run',
                        'migrations_safety_before_image')
  AND c.oid <> ALL (%(going)s::oid[])
  AND NOT EXISTS (SELECT FROM pg_partition_ancestors(c.oid) AS a WHERE a.relid = ANY (%(going)s::oid[]))
