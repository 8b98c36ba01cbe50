-- name_of_session: what a session calls itself now
SELECT application_name FROM pg_stat_activity WHERE pid = %(pid)s
