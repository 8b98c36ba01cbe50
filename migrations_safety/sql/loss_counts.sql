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
