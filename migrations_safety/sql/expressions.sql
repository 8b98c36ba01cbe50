-- printed: prints expressions as PostgreSQL reads them; nothing is run
EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT {expressions} {from_table}

-- from_table: over rows of that table's type, so that it does not matter how the table itself is read
FROM unnest(NULL::{table}[]) AS {name}
