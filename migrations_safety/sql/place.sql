-- rights: whether the role may create databases on this server, and whether it is a standby
SELECT rolcreatedb OR rolsuper, pg_is_in_recovery() FROM pg_roles WHERE rolname = current_user

-- settings: what decides how long a statement takes, as the session has it
SELECT name, setting || coalesce(unit, '') FROM pg_settings
WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'max_wal_size', 'checkpoint_timeout', 'work_mem',
               'maintenance_work_mem', 'max_worker_processes', 'max_parallel_workers', 'random_page_cost', 'jit',
               'max_parallel_workers_per_gather', 'max_parallel_maintenance_workers')
