-- unreadable: tables that pg_dump cannot lock, because the role has no right to read them
SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))

-- applied: the record of migrations
SELECT app, name, applied FROM django_migrations ORDER BY id

-- apply: one entry of the record of migrations
INSERT INTO django_migrations (app, name, applied) VALUES (%(app)s, %(name)s, %(applied)s)

-- extensions: what the scratch's server could have
SELECT name FROM pg_available_extensions

-- set_search_path: the search path of the target, for the session that writes the record of migrations
SELECT set_config('search_path', %(path)s, false)

-- end_if_waited_for: ends the query of a session for which another one has waited for that long
SELECT pg_cancel_backend(a.pid) FROM pg_stat_activity AS a
WHERE a.application_name = %(name)s AND a.pid <> pg_backend_pid() AND EXISTS (
    SELECT FROM pg_locks AS l
    WHERE NOT l.granted AND l.waitstart < clock_timestamp() - %(seconds)s * interval '1 second'
      AND a.pid = ANY (pg_blocking_pids(l.pid))
)
