-- may_create: whether the role may make databases or is a superuser, where it is and which schemas it searches
SELECT rolcreatedb, rolsuper, pg_is_in_recovery(), current_setting('server_version_num')::int / 10000,
       (SELECT coalesce(string_agg(quote_ident(name), ', ' ORDER BY place), '')
        FROM unnest(current_schemas(false)) WITH ORDINALITY AS schemas (name, place)),
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
       (SELECT oid || ' of ' || extract(epoch FROM pg_postmaster_start_time())
        FROM pg_database WHERE datname = current_database())
FROM pg_roles WHERE rolname = current_user

-- leftovers: scratch databases that a killed run left here and nobody uses; without a comment only if not new
SELECT datname FROM pg_database AS d
WHERE starts_with(datname, %(prefix)s)
  AND (shobj_description(oid, 'pg_database') = %(marker)s
       OR shobj_description(oid, 'pg_database') IS NULL
          AND substring(datname FROM '_([0-9]{1,18})$')::bigint < extract(epoch FROM now()) - 600)
  AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)
  AND pg_has_role(datdba, 'USAGE')

-- create: a database that no other run has
CREATE DATABASE {name} TEMPLATE template0 CONNECTION LIMIT 10

-- mark: what this database is, for whoever finds it
COMMENT ON DATABASE {name} IS {marker}

-- drop: the scratch database, and who is still in it
DROP DATABASE IF EXISTS {name} WITH (FORCE)

-- leave_token: what the measuring process looks for before each migration
CREATE SCHEMA migrations_safety_scratch CREATE TABLE marker (token text NOT NULL)

-- token: the token itself
INSERT INTO migrations_safety_scratch.marker VALUES (%(token)s)
