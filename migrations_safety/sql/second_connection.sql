-- backend_pid: the number that the server gives the process of this session
SELECT pg_backend_pid()

-- readable_dates: dates as psycopg reads them, whatever role and database prefer
SET datestyle = ISO
