-- holds_rows: whether a table holds any row
SELECT EXISTS (SELECT FROM {table})
