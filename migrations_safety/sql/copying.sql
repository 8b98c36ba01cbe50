-- begin: one snapshot for all that is read
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- export: its name, for pg_dump
SELECT pg_export_snapshot()

-- extensions: those that can be made on the copy's server
SELECT name FROM pg_available_extensions

-- settings: the settings of this database for all roles, without those that hold lists
SELECT split_part(one, '=', 1), substr(one, strpos(one, '=') + 1)
FROM pg_db_role_setting, unnest(setconfig) AS one
WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND split_part(one, '=', 1) ~ '^[a-zA-Z_.]+$'
  AND split_part(one, '=', 1) NOT IN ('search_path', 'default_transaction_read_only')

-- set: one of them
ALTER DATABASE {database} SET {name} TO {value}

-- analyze: the planner's figures of the copy
ANALYZE
