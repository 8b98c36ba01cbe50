-- backend_pid: the number that the server gives the process of this session
SELECT pg_backend_pid()

-- settle: dates as psycopg reads them, whatever role and database prefer; no JIT, for queries on the catalog
SELECT set_config('datestyle', 'ISO', false), set_config('jit', 'off', false)
