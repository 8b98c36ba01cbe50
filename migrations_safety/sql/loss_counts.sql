-- see_all_rows: lets a count fail where rows are hidden from it, and join whole tables, until the transaction ends
SELECT set_config('row_security', 'off', true), set_config('enable_nestloop', 'off', true)

-- lost_rows: the rows of a table that nobody could make again
SELECT (SELECT count(*) FROM {table}) - {kept}

-- untouched: the rows of a table that are as they were made
(SELECT count(*) FROM {table} WHERE {untouched})

-- none: no row
0

-- of_our_runs: rows that one of the recorded runs has made
{run_column}::text IN (SELECT run_id::text FROM migrations_safety_run)

-- lost_values: the rows with a value in a column that nobody could fill in again
SELECT count(*) FROM {table} WHERE {condition}

-- has_value: rows with a value in the column
{column} IS NOT NULL

-- has_another_value: rows with another value than the one that they got when the column was added
{column}::text COLLATE "C" <> {filling}

-- is_cut: rows with a value that is another one after the cast there and back
{column} IS NOT NULL AND ({there})::{type}::text COLLATE "C" IS DISTINCT FROM {column}::text COLLATE "C"

-- cast: a value in another type
({value})::{type}

-- attnum: the number of a column
SELECT attnum FROM pg_attribute WHERE attrelid = %(oid)s AND attname = %(column)s AND NOT attisdropped

-- present: the names that a table and one of its columns have now
SELECT n.nspname::text AS schema, c.relname::text AS table, a.attname::text AS column,
       format_type(a.atttypid, a.atttypmod) AS type
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = %(attnum)s AND NOT a.attisdropped
WHERE c.oid = %(oid)s
