-- printed: prints expressions as PostgreSQL reads them; nothing is run
EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT {expressions} {from_table}

-- from_table: over the columns of that table
FROM ONLY {table}
