-- lock: keeps writers away from a table, and lets readers go on
LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE

-- no_jit: compiling a query on the catalog takes longer than running it, and writers wait meanwhile
SELECT set_config('jit', 'off', true)
