-- extensions: those that can be made on the copy's server
SELECT name FROM pg_available_extensions

-- analyze: the planner's figures of the copy
ANALYZE
