-- identity: the database, and the start of its server, which is another one for each server
SELECT oid || ' of ' || extract(epoch FROM pg_postmaster_start_time())
FROM pg_database WHERE datname = current_database()

-- lock: whether no other run uses this database; until the end of the session
SELECT pg_try_advisory_lock(hashtext('migrations_safety scratch'))

-- may_empty: whether the role may drop the schema that every database has
SELECT coalesce(bool_and(pg_has_role(nspowner, 'USAGE')), true) FROM pg_namespace WHERE nspname = 'public'

-- is_left: whether a run that was killed has left its marker here
SELECT to_regclass('migrations_safety_scratch.marker') IS NOT NULL

-- others: how many other sessions use this database
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND coalesce(backend_type, '') IN ('', 'client backend')

-- end_others: sessions of the measurement that have not ended yet
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'migrations_safety scratch'

-- objects: what a database that is given as a scratch holds already, its own extensions and schemas included
WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT (SELECT count(*) FROM pg_class WHERE relnamespace IN (SELECT oid FROM own))
     + (SELECT count(*) FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own))
     + (SELECT count(*) FROM pg_type WHERE typnamespace IN (SELECT oid FROM own))
     + (SELECT count(*) FROM pg_operator WHERE oprnamespace IN (SELECT oid FROM own))
     + (SELECT count(*) FROM pg_collation WHERE collnamespace IN (SELECT oid FROM own))
     + (SELECT count(*) FROM pg_ts_config WHERE cfgnamespace IN (SELECT oid FROM own))
     + (SELECT count(*) FROM pg_extension WHERE extnamespace IN (SELECT oid FROM own))
     + (SELECT count(*) FROM own WHERE nspname <> 'public')
     + (SELECT count(*) FROM pg_largeobject_metadata)

-- schemas: those that were made in a database that was empty
SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'

-- empty_schema: one of them with all that is in it
DROP SCHEMA {name} CASCADE

-- large_objects: removes some of them, which are in no schema; a statement may not lock them all
SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata LIMIT 1000) AS part

-- public: the schema that every new database has
CREATE SCHEMA public

-- relations: what a schema holds that rows can be read from, with the word for it, views before what they read
SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, relname
FROM pg_class WHERE relnamespace = quote_ident(%(schema)s)::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
ORDER BY relkind IN ('r', 'p'), oid DESC

-- drop_relation: one of them, which may have gone with another one
DROP {kind} IF EXISTS {name} CASCADE
