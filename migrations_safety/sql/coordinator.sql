-- version: the version of Citus, no row where the database has it not
SELECT extversion FROM pg_extension WHERE extname = 'citus'

-- cluster: the number of workers, and whether the current schema is a distributed one
SELECT (SELECT count(*) FROM pg_catalog.pg_dist_node WHERE noderole = 'primary' AND groupid <> 0 AND isactive),
       EXISTS (SELECT FROM pg_catalog.pg_dist_schema
               WHERE schemaid = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()))

-- spread_tables: tables distributed by a column (partkey), and reference tables (repmodel t), which every node has
SELECT logicalrelid::oid AS oid,
       CASE WHEN partkey IS NOT NULL THEN column_to_column_name(logicalrelid, partkey) END AS column
FROM pg_catalog.pg_dist_partition
WHERE logicalrelid::oid = ANY(%(oids)s::oid[]) AND (partkey IS NOT NULL OR repmodel = 't')
ORDER BY logicalrelid::text
