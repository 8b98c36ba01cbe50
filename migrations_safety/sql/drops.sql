-- rows: how many rows a table holds
SELECT count(*) FROM {table}

-- values: how many rows of a table have a value in a column
SELECT count({column}) FROM {table}
