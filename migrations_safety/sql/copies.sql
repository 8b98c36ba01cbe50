-- hold: names the session after its copy, so that nobody takes that for a leftover; no timeout ends the session
SELECT set_config('application_name', %(name)s, false), set_config('statement_timeout', '0', false),
       set_config('lock_timeout', '0', false), set_config('idle_session_timeout', '0', false)

-- create: a database that no other run has, and that nobody enters yet
CREATE DATABASE {name} TEMPLATE {template} {how} ALLOW_CONNECTIONS false CONNECTION LIMIT {limit}

-- mark: what this database is, for whoever finds it
COMMENT ON DATABASE {name} IS {marker}

-- close: takes from every role the right to enter, which each new database gives to all of them
REVOKE ALL ON DATABASE {name} FROM PUBLIC

-- open: lets its owner and superusers in
ALTER DATABASE {name} ALLOW_CONNECTIONS true

-- others: how many roles may enter that neither own the database nor are superusers
SELECT count(*) FROM pg_roles AS r, pg_database AS d
WHERE d.datname = %(name)s AND r.rolcanlogin AND NOT r.rolsuper AND NOT pg_has_role(r.oid, d.datdba, 'MEMBER')
  AND has_database_privilege(r.oid, d.oid, 'CONNECT')

-- drop: the copy, and who is still in it
DROP DATABASE IF EXISTS {name} WITH (FORCE)

-- oid: by which a copy is known, whatever its name is
SELECT oid::bigint FROM pg_database WHERE datname = %(name)s

-- found: databases that look like copies, by their name or their marker; sizes only where the role may see them
SELECT d.datname AS name, coalesce(shobj_description(d.oid, 'pg_database'), '') AS marker,
       CASE WHEN pg_has_role(d.datdba, 'USAGE') OR pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_database_size(d.oid) END AS bytes,
       EXISTS (SELECT FROM pg_stat_activity AS a
               WHERE a.datid = d.oid OR a.application_name = d.datname) AS is_in_use,
       pg_has_role(d.datdba, 'USAGE') AS is_ours
FROM pg_database AS d WHERE d.datname ~ '^confidential_copy_[0-9]+_[0-9]+_[0-9]+$' ORDER BY d.datname
