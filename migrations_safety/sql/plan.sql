-- holds_rows: whether a table holds any row
SELECT EXISTS (SELECT FROM {table})

-- holds_values: whether a column holds anything but NULL
SELECT EXISTS (SELECT FROM {table} WHERE {column} IS NOT NULL)
