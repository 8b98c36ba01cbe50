-- lock: keeps writers away from a table, and lets readers go on
LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE
