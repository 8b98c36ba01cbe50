-- backend_pid: the number that the server gives the process of this session
SELECT pg_backend_pid()
