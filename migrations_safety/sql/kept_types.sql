-- find: a type by its name as it is written in SQL, and whether only kept tables and columns have it
SELECT n.nspname::text AS schema, t.typname::text AS name,
       coalesce((SELECT bool_and(cn.nspname = 'migrations_safety_kept'
                                 OR starts_with(a.attname, 'migrations_safety_kept_'))
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
                 JOIN pg_namespace cn ON cn.oid = c.relnamespace
                 WHERE a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped), false) AS kept
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = to_regtype(%(name)s)

-- rename: gives a type another name
ALTER TYPE {type} RENAME TO {name}

-- move: moves a type into another schema
ALTER TYPE {type} SET SCHEMA {schema}
