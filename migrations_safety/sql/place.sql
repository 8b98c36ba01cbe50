-- server: what the role may do here, and how a database is cloned without a checkpoint or, on version 18, a copy
SELECT rolcreatedb OR rolsuper AS may_create, pg_is_in_recovery() AS in_recovery,
       rolsuper OR pg_has_role('pg_execute_server_program', 'MEMBER')
           OR pg_has_role('pg_write_server_files', 'MEMBER') AS runs_programs,
       CASE current_setting('file_copy_method', true) WHEN 'clone' THEN 'file_copy' ELSE 'wal_log' END
           AS gentle_strategy
FROM pg_roles WHERE rolname = current_user

-- settings: what decides how long a statement takes, as the session has it
SELECT name, setting || coalesce(unit, '') FROM pg_settings
WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'max_wal_size', 'checkpoint_timeout', 'work_mem',
               'maintenance_work_mem', 'max_worker_processes', 'max_parallel_workers', 'random_page_cost', 'jit',
               'max_parallel_workers_per_gather', 'max_parallel_maintenance_workers')

-- roles: those that statements and policies may name, without those of every server
SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'postgres'
