-- table_of: the number of a table, by the name that it has now
SELECT to_regclass(%(name)s)::oid

-- lock: keeps writers away from a table, and lets readers go on
LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE
