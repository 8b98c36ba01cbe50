-- begin: one snapshot for all that is read
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- export: its name, for pg_dump
SELECT pg_export_snapshot()

-- extensions: those that can be made on the copy's server
SELECT name FROM pg_available_extensions

-- analyze: the planner's figures of the copy
ANALYZE
