-- missing: which of the names, with or without a schema and without quotes, no table has
SELECT name FROM unnest(%(names)s::text[]) AS name
WHERE NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                  WHERE c.relkind IN ('r', 'p', 'm', 'f') AND name IN (c.relname, n.nspname || '.' || c.relname))
ORDER BY name
