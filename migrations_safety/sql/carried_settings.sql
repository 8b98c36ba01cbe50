-- found: the settings of this database, then of this role, then of this role here, without quoted lists
SELECT setrole <> 0, split_part(one, '=', 1), substr(one, strpos(one, '=') + 1)
FROM pg_db_role_setting, unnest(setconfig) AS one
WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
  AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND split_part(one, '=', 1) NOT IN (
      'search_path', 'default_transaction_read_only', 'temp_tablespaces', 'default_tablespace', 'role',
      'session_preload_libraries', 'local_preload_libraries'
  )
ORDER BY setrole <> 0, setdatabase <> 0

-- of_database: one of the database
ALTER DATABASE {database} SET {name} TO {value}

-- of_role: one of the role
ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} TO {value}

-- acting: what sends changes to others or gets them
SELECT 'PUBLICATION ' || pubname FROM pg_publication
UNION ALL
SELECT 'SUBSCRIPTION ' || subname FROM pg_subscription
WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
