-- rows: how many rows a table has
SELECT count(*) FROM {table}

-- values: how many rows have a value in a column
SELECT count({column}) FROM {table}

-- drop_table: ends a kept table, which PostgreSQL refuses while anything depends on it
DROP TABLE {table}

-- drop_column: ends a kept column, which PostgreSQL refuses while anything depends on it
ALTER TABLE {table} DROP COLUMN {column}

-- drop_type: ends a kept type
DROP TYPE IF EXISTS {type}
