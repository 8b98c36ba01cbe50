-- here_and_now: the name of this database and the server's time
SELECT current_database()::text, clock_timestamp()
