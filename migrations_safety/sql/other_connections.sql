-- identity: which server this is (since when it runs), and which of its databases
SELECT pg_postmaster_start_time(), current_database()
