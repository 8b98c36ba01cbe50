-- limit: to the end of the transaction no statement takes longer than that, and none waits long for a lock
SELECT set_config('statement_timeout', '200ms', true), set_config('lock_timeout', '100ms', true)

-- has_rows: whether a table has a row
SELECT EXISTS (SELECT FROM {table})

-- has_values: whether a column has values that no default has filled in alike for all rows
SELECT EXISTS (SELECT FROM {table} WHERE {column} IS DISTINCT FROM (SELECT {column} FROM {table} LIMIT 1))
