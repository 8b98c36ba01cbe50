-- forget: drops the work table of an earlier pass in this session
DROP TABLE IF EXISTS pg_temp.migrations_safety_work

-- referenced: every referenced value in order, numbered, with its class, and whether it gets a placeholder
{classified}
SELECT value, class, has_parent,
    NOT has_parent AND class = ANY ({allowed}) AS may_be_placed,
    {before} + row_number() OVER (ORDER BY value) AS position
FROM classified WHERE value IS NOT NULL
ORDER BY value

-- make_work: creates the work table with the first values
CREATE TEMPORARY TABLE migrations_safety_work AS
{referenced}

-- add_to_work: adds further values, which follow in order
INSERT INTO pg_temp.migrations_safety_work {referenced}

-- index_work: an index on the positions, by which a batch is found
CREATE INDEX ON pg_temp.migrations_safety_work (position)

-- analyze_work: statistics, so that PostgreSQL uses that index
ANALYZE pg_temp.migrations_safety_work

-- referenced_counts: number of values by class, with and without a parent
SELECT class, has_parent, count(*) FROM pg_temp.migrations_safety_work GROUP BY class, has_parent

-- one_snapshot: reads everything as of one moment; the ranges come from statistics that ANALYZE may change
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
