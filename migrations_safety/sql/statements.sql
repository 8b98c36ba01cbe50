-- lock_for_writing: as the application's writes lock a table
LOCK TABLE {table} IN ROW EXCLUSIVE MODE
