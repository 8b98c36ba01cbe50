-- begin: a transaction, in which a pooler keeps the session
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- name_session: a name by which this session is known on its own server
SELECT set_config('application_name', %(name)s, false)

-- started: when this server started
SELECT extract(epoch FROM pg_postmaster_start_time())

-- here: where this session leads, and whether the session of that name is on the same server
SELECT
    current_setting('server_version_num')::integer / 10000 AS major,
    pg_is_in_recovery() AS in_recovery,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        OR pg_has_role('pg_execute_server_program', 'MEMBER')
        OR pg_has_role('pg_write_server_files', 'MEMBER') AS runs_programs,
    EXISTS (SELECT FROM pg_stat_activity WHERE application_name = %(name)s)
        OR extract(epoch FROM pg_postmaster_start_time()) = %(started)s AS is_same_server,
    EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    ) AS is_in_use,
    pg_has_role(current_user, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE') AS is_owner

-- search_path: that of the original
SELECT set_config('search_path', %(path)s, false)

-- has_record: whether there is a record of migrations
SELECT to_regclass('django_migrations') IS NOT NULL

-- record: which migrations were applied, and when
SELECT app, name, applied::text FROM django_migrations ORDER BY id

-- mark: says that it is a copy
COMMENT ON DATABASE {name} IS {marker}
