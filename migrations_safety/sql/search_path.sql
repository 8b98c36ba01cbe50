-- search_path: the setting, where it comes from, whose it is, and the schema that alone has a record of migrations
SELECT setting AS path, source, session_user::text AS role, current_database()::text AS database,
       (SELECT CASE WHEN count(*) = 1 THEN min(n.nspname::text) END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'django_migrations') AS history
FROM pg_settings WHERE name = 'search_path'

-- schemas_of_search_path: the schemas that the search path names, in their order; whether each exists and may be used
SELECT named.name, n.oid IS NOT NULL AS exists, coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS usable
FROM (SELECT number, CASE coalesce(found[1], found[2]) WHEN '$user' THEN current_user::text
                     ELSE coalesce(replace(found[1], '""', '"'), lower(found[2])) END AS name
      FROM regexp_matches(current_setting('search_path'), '"((?:[^"]|"")*)"|([^\s,"]+)', 'g')
           WITH ORDINALITY AS written (found, number)) AS named
LEFT JOIN pg_namespace n ON n.nspname = named.name::name
ORDER BY named.number
