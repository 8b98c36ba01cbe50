-- settings: those of this database, and of roles in it, as statements; a list of names is kept quoted as it is set
SELECT format('ALTER %%s SET %%I TO %%s;', CASE WHEN r.rolname IS NULL THEN format('DATABASE %%I', d.datname)
              ELSE format('ROLE %%I IN DATABASE %%I', r.rolname, d.datname) END, name,
              CASE WHEN name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                                 'session_preload_libraries', 'shared_preload_libraries', 'unix_socket_directories')
                        AND value NOT IN ('', '""') THEN value
                   WHEN value = '""' THEN quote_literal('') ELSE quote_literal(value) END)
FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
LEFT JOIN pg_roles AS r ON r.oid = s.setrole, unnest(s.setconfig) AS setting,
LATERAL (SELECT split_part(setting, '=', 1), substring(setting FROM position('=' IN setting) + 1)) AS one(name, value)
WHERE d.datname = current_database() ORDER BY r.rolname NULLS FIRST, name
